// load/generator.h — thousands of sessions on one epoll loop, and what they measured.
//
// One thread: it shares a core with the publisher and Redis, so it must leave them room. Reads are
// level-triggered into one buffer that all sessions share; an idle session holds no buffer, so ten
// thousand of them stay in the cache while messages arrive one at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <netinet/in.h>
#include <string>
#include <vector>

#include "common/histogram.h"
#include "load/session.h"

namespace outcry::bench {

struct GeneratorOptions {
  sockaddr_in server{};
  std::string host;  ///< the server's address as text
  std::string path = "/socket.io/";
  std::uint32_t connections = 10'000;
  std::uint32_t rooms = 10'000;       ///< connection i belongs to challenge i % rooms
  std::uint32_t in_flight_max = 128;  ///< handshakes at a time
  bool join = true;
};

/// Deliveries whose time of publishing lies in [from, to).
struct Window {
  std::uint64_t from_ns = 0;
  std::uint64_t to_ns = 0;
  std::uint64_t delivered = 0;
  std::uint64_t arrived =
      0;  ///< deliveries between from and to by the time of arrival, whenever published
  Histogram latency;
};

class Generator {
 public:
  /// `token_of(user)` is asked once for each user, before the first connection, so that signing
  /// isn't measured. Throws std::system_error when epoll can't be set up.
  Generator(GeneratorOptions options, const std::function<std::string(std::uint32_t)>& token_of);
  ~Generator();
  Generator(const Generator&) = delete;
  Generator& operator=(const Generator&) = delete;

  /// Adds a descriptor whose readability poll() reports.
  void watch(int fd);

  /// Starts handshakes up to the limit, waits at most `timeout_ms` for the network and takes what
  /// came. True when the watched descriptor is readable.
  bool poll(int timeout_ms);

  /// Starts a new window; deliveries from now on count in it alone.
  void open_window(std::uint64_t from_ns, std::uint64_t to_ns);
  [[nodiscard]] const Window& window() const noexcept { return window_; }

  [[nodiscard]] std::uint32_t ready() const noexcept { return ready_; }
  [[nodiscard]] std::uint32_t failed() const noexcept { return failed_; }
  [[nodiscard]] bool settled() const noexcept { return ready_ + failed_ == options_.connections; }
  /// Events since the start.
  [[nodiscard]] std::uint64_t arrived_total() const noexcept { return arrived_total_; }
  [[nodiscard]] std::uint64_t last_arrival_ns() const noexcept { return last_arrival_ns_; }
  [[nodiscard]] const Histogram& setup_time() const noexcept { return setup_time_; }
  /// Since the start, and never expected: an event of a room that the session isn't in; a doubled
  /// or late event.
  [[nodiscard]] std::uint64_t misdelivered() const noexcept { return misdelivered_; }
  [[nodiscard]] std::uint64_t out_of_sequence() const noexcept { return out_of_sequence_; }
  /// Why sessions failed or were lost, each with its count.
  [[nodiscard]] const std::map<std::string, std::uint32_t>& failures() const noexcept {
    return failures_;
  }

 private:
  struct Connection {
    explicit Connection(std::uint32_t challenge) : session(challenge) {}
    int fd = -1;
    bool ready = false;
    bool wants_write = true;  ///< EPOLLOUT is registered: connecting, or `unsent` waits
    std::uint64_t started_ns = 0;
    std::string unsent;
    Session session;
  };

  void start_more();
  void open(std::uint32_t index);
  void readable(std::uint32_t index);
  void flush(std::uint32_t index);
  void account(std::uint64_t now_ns);
  void close(std::uint32_t index, const std::string& why);
  void set_interest(std::uint32_t index, bool wants_write);
  [[nodiscard]] SessionOptions& options_for(std::uint32_t challenge);

  GeneratorOptions options_;
  int epoll_ = -1;
  std::vector<std::string> tokens_;
  std::vector<Connection> connections_;
  std::vector<Delivery> deliveries_;
  std::vector<char> buffer_;
  SessionOptions session_options_;
  Window window_;
  Histogram setup_time_;
  std::map<std::string, std::uint32_t> failures_;
  std::uint32_t started_ = 0;
  std::uint32_t ready_ = 0;
  std::uint32_t failed_ = 0;
  std::uint64_t arrived_total_ = 0;
  std::uint64_t last_arrival_ns_ = 0;
  std::uint64_t misdelivered_ = 0;
  std::uint64_t out_of_sequence_ = 0;
};

}  // namespace outcry::bench
