// api/operations_server.h — HTTP/1.1 for back ends, operators and probes, on a listener of its own.
//
//   head ─▶ path, method, key, type, length ─▶ body ─▶ route ─▶ answer ─▶ next request
//
// Nothing of a body is read before its sender has shown a key. Boost.Beast parses; what it lets
// pass and shouldn't (two Host lines, unknown transfer codings) is refused here. Every wait has a
// limit, and a connection that ends early is read to its end for a moment, so that the caller gets
// the answer and not a reset.
// Thread: the control thread, for calls and handlers.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <system_error>
#include <vector>

#include "api/router.h"
#include "net/tls_identity.h"

namespace boost::asio {
class io_context;
}

namespace outcry::api {

struct OperationsServerOptions {
  std::vector<std::string>
      api_keys;  // any of them opens the routes that need one; none: no one may
  std::size_t connections_max = 256;
  std::uint32_t header_bytes_max = 16'384;
  std::uint64_t body_bytes_max = 1'048'576;
  std::chrono::milliseconds header_timeout{
      10'000};  // from a request's first byte to its head's end
  std::chrono::milliseconds request_timeout{30'000};  // to read the body; again, to answer
  std::chrono::milliseconds idle_timeout{75'000};     // between requests
  std::chrono::milliseconds linger{1'000};            // to read on after a refusal
  std::shared_ptr<const net::TlsIdentity> tls;        // null: plain HTTP
  /// Called with the caller's address for each request whose key is missing or wrong.
  std::function<void(const std::string& address)> on_key_refused;
};

struct OperationsServerStats {
  std::uint64_t connections_accepted = 0;
  std::uint64_t connections_refused = 0;        // beyond connections_max
  std::uint64_t connections_open = 0;           // now
  std::uint64_t timeouts = 0;                   // requests that did not arrive in time
  std::uint64_t handshakes_failed = 0;          // no TLS, or no certificate that was asked for
  std::uint64_t keys_refused = 0;               // missing or wrong
  std::map<unsigned, std::uint64_t> responses;  // by status
};

class OperationsServer {
 public:
  /// `io` must outlive this and every connection's end; its thread is the control thread.
  OperationsServer(boost::asio::io_context& io, OperationsServerOptions options, Router router);
  ~OperationsServer();
  OperationsServer(const OperationsServer&) = delete;
  OperationsServer& operator=(const OperationsServer&) = delete;

  /// Listens at a numeric address and begins to serve. Port 0 asks the system for a free one.
  [[nodiscard]] std::error_code listen(const std::string& address, std::uint16_t port);
  /// The port in use; 0 before listen().
  [[nodiscard]] std::uint16_t port() const noexcept;

  /// Of requests from now on; the old keys open nothing any more.
  void set_api_keys(const std::vector<std::string>& keys);

  /// Of connections from now on; nullptr: plain HTTP.
  void use(const std::shared_ptr<const net::TlsIdentity>& identity);

  /// Closes the listener and all connections; no handler is called afterwards.
  void stop();

  [[nodiscard]] const OperationsServerStats& stats() const noexcept;

 private:
  struct Core;
  std::shared_ptr<Core> core_;  // shared with the connections' coroutines
};

}  // namespace outcry::api
