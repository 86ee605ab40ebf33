// webclient/web_client.h — HTTP/1.1 requests of the control plane to one server.
//
//   send() ─▶ breaker ─▶ a kept connection, a new one, or the queue ─▶ answer
//               │                                       │
//               └─ refused at once while open           └─ bounded; its wait counts
//
// One client for one server: what is limited is what that server is burdened with. The time limit
// covers all that a request needs (its place in the queue, the name, TCP, TLS, the answer's last
// byte), since the asker waits for all of it.
//
// What it doesn't do: redirects, proxies, cookies, compression, HTTP/2. The URL is the operator's,
// and where it leads is where a secret is sent.
//
// Over TLS (1.2 or newer) the certificate must lead to a root of `ca_file` or of the system, and
// name the URL's host. Thread: that of the executor, for calls and answers.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include <boost/asio/any_io_executor.hpp>

#include "base/circuit_breaker.h"
#include "base/result.h"
#include "webclient/web_message.h"
#include "webclient/web_url.h"

namespace outcry::webclient {

struct WebClientOptions {
  WebUrl url;           // of it the server; a request names its own target
  std::string ca_file;  // PEM; empty: the system's certificates
  std::chrono::milliseconds timeout{2'000};
  std::size_t body_bytes_max = 65'536;    // of an answer
  std::size_t header_bytes_max = 16'384;  // of an answer, with its status line
  std::size_t requests_max = 8;           // at a time, each on a connection of its own
  std::size_t queue_max = 1'000;          // requests that wait for one of those
  std::size_t idle_max = 4;               // connections kept for the next request
  std::chrono::milliseconds idle_timeout{10'000};
  /// An answer of 500 or above counts as a failure, as does none.
  CircuitBreakerOptions breaker;
};

struct WebClientStats {
  std::uint64_t requests = 0;      // sent, or tried to
  std::uint64_t responses = 0;     // whole answers, of any status
  std::uint64_t failures = 0;      // requests without one
  std::uint64_t timed_out = 0;     // of those; also the ones that only waited
  std::uint64_t queue_full = 0;    // refused
  std::uint64_t circuit_open = 0;  // refused
  std::uint64_t connections = 0;   // opened
  std::uint64_t opened = 0;        // times that the breaker opened
  std::size_t running = 0;
  std::size_t queued = 0;
  std::size_t idle = 0;
  CircuitBreaker::State breaker = CircuitBreaker::State::closed;
  bool refuses = false;  // open, and its pause isn't over
};

class WebClient {
 public:
  /// `executor` is single-threaded, and its context outlives the client.
  /// Error: bad_ca_file.
  [[nodiscard]] static Result<std::unique_ptr<WebClient>> create(
      boost::asio::any_io_executor executor, WebClientOptions options);
  /// What is under way or waits is answered with WebError::stopped, later.
  ~WebClient();
  WebClient(const WebClient&) = delete;
  WebClient& operator=(const WebClient&) = delete;

  /// Calls `done` later, never before send() returns. Errors: WebError.
  void send(WebRequest request, WebAnswer done);

  [[nodiscard]] WebClientStats stats() const;

 private:
  struct Core;
  explicit WebClient(std::shared_ptr<Core> core);

  std::shared_ptr<Core> core_;  // connections that are being closed refer to it
};

}  // namespace outcry::webclient
