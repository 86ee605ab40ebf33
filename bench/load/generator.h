// load/generator.h — thousands of sessions on one epoll loop.
//
// One thread: it shares a core with the publisher and Redis, so it must leave them room. With
// nothing to do it naps for 50 µs, and isn't woken: that would be work of the sender. Reads are
// level-triggered into one buffer that all sessions share; an idle session holds no buffer, so ten
// thousand of them stay in the cache while messages arrive one at a time.
//
// Slow readers can be made to stop reading: their sockets leave the loop, their kernel's buffers
// fill, and what the server does then is what is looked at (load/verdict.h).
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <netinet/in.h>
#include <span>
#include <string>
#include <sys/epoll.h>
#include <vector>

#include "common/histogram.h"
#include "load/inflate.h"
#include "load/measurement.h"
#include "load/session.h"
#include "load/stream.h"
#include "load/tls_client.h"
#include "load/verdict.h"

namespace outcry::bench {

struct GeneratorOptions {
  sockaddr_in server{};
  std::string host;  ///< the server's address as text
  std::string path = "/socket.io/";
  std::uint32_t connections = 10'000;
  std::uint32_t rooms = 10'000;       ///< connection i belongs to challenge i % rooms
  std::uint32_t in_flight_max = 128;  ///< handshakes at a time
  SessionMode mode = SessionMode::websocket;
  bool join = true;
  bool deflate = false;
  TlsOptions tls;
  double slow_share = 0;           ///< 0..1 of the connections are the slow readers
  int slow_buffer_bytes = 16'384;  ///< SO_RCVBUF of a slow reader
};

class Generator {
 public:
  /// `token_of(user)` is asked once for each user, before the first connection, so that signing
  /// isn't measured. Throws std::system_error when epoll can't be set up, std::runtime_error when
  /// TLS can't.
  Generator(GeneratorOptions options, const std::function<std::string(std::uint32_t)>& token_of);
  ~Generator();
  Generator(const Generator&) = delete;
  Generator& operator=(const Generator&) = delete;

  /// Adds a descriptor whose readability poll() reports.
  void watch(int fd);

  /// Starts handshakes up to the limit, waits at most `timeout_ms` for the network and takes what
  /// came. True when the watched descriptor is readable.
  bool poll(int timeout_ms);

  /// Ends `count` open connections, and opens them again together with all that were lost. The
  /// set-up times start anew. Returns how many will be opened.
  std::uint32_t reconnect(std::uint32_t count);

  /// Counts each stream from now on; with `stall` slow readers stop reading, until resume().
  void track(bool stall);
  void resume();

  [[nodiscard]] std::uint32_t connections() const noexcept { return options_.connections; }
  [[nodiscard]] std::uint32_t room_of(std::uint32_t index) const noexcept {
    return index % options_.rooms;
  }
  [[nodiscard]] std::uint32_t ready() const noexcept { return ready_; }
  /// No handshake is under way or to come.
  [[nodiscard]] bool settled() const noexcept { return waiting_.empty() && opening_ == 0; }
  /// Sessions that failed or were lost since the start, but for those of closed_slow().
  [[nodiscard]] std::uint32_t failed() const noexcept { return failed_; }
  /// Slow readers that the server closed, saying so.
  [[nodiscard]] std::uint32_t closed_slow() const noexcept { return closed_slow_; }
  /// Why sessions failed or were lost, each with its count.
  [[nodiscard]] const std::map<std::string, std::uint32_t>& failures() const noexcept {
    return failures_;
  }
  [[nodiscard]] ConnectionEnd end_of(std::uint32_t index) const noexcept;

  [[nodiscard]] const Histogram& setup_time() const noexcept { return setup_time_; }
  [[nodiscard]] Measurement& measurement() noexcept { return measurement_; }
  [[nodiscard]] const Measurement& measurement() const noexcept { return measurement_; }
  /// nullptr unless asked for.
  [[nodiscard]] const TlsClient* tls() const noexcept { return tls_.get(); }
  [[nodiscard]] const Inflater* inflater() const noexcept { return inflater_.get(); }

 private:
  enum class State : std::uint8_t { waiting, opening, ready, lost };
  struct Connection {
    explicit Connection(std::uint32_t challenge) : session(challenge) {}
    Stream stream;
    State state = State::waiting;
    bool wants_write = true;  ///< EPOLLOUT is registered: connecting, or `unsent` waits
    bool stalled = false;     ///< out of the loop
    std::uint64_t started_ns = 0;
    std::string unsent;
    Session session;
  };

  [[nodiscard]] int wait(std::span<epoll_event> events, int timeout_ms) const;
  void start_more();
  void open(std::uint32_t index);
  void readable(std::uint32_t index);
  void received(std::uint32_t index, std::size_t bytes);
  void flush(std::uint32_t index);
  void lose(std::uint32_t index, const std::string& why);
  void set_interest(std::uint32_t index, bool wants_write);
  [[nodiscard]] bool set_epoll(int operation, std::uint32_t index) const;

  GeneratorOptions options_;
  int epoll_ = -1;
  std::vector<std::string> tokens_;
  std::unique_ptr<TlsClient> tls_;
  std::unique_ptr<Inflater> inflater_;
  Measurement measurement_;
  std::vector<Connection> connections_;
  std::deque<std::uint32_t> waiting_;  ///< to be opened
  std::vector<Delivery> deliveries_;
  std::vector<char> buffer_;
  SessionOptions session_options_;
  Histogram setup_time_;
  std::map<std::string, std::uint32_t> failures_;
  std::uint32_t opening_ = 0;
  std::uint32_t ready_ = 0;
  std::uint32_t failed_ = 0;
  std::uint32_t closed_slow_ = 0;
};

}  // namespace outcry::bench
