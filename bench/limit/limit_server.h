// limit/limit_server.h — what the kernel allows: sockets, a table of rooms, and one send() each.
//
//   accept ─▶ GET …&challenge=bench-0000042 ─▶ 101 ─▶ room 42: { fd 17, fd 18, … }
//   send_to_room(42, frames): send(17), send(18), …          what clients write is read and dropped
//
// A server that delivers events can't be faster than this on the same kernel: it has no protocol
// above the WebSocket frame, no login, no rooms that change, no timers, no queues. So a ratio to it
// says what a server adds, whatever the machine's mood. A full socket is waited for, since a
// dropped delivery would not be one. Thread: its owner's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <netinet/in.h>
#include <string>
#include <string_view>
#include <vector>

namespace outcry::bench {

class LimitServer {
 public:
  /// Listens. Clients name rooms 0..rooms-1; others are refused. Throws std::system_error.
  LimitServer(const sockaddr_in& address, std::uint32_t rooms);
  ~LimitServer();
  LimitServer(const LimitServer&) = delete;
  LimitServer& operator=(const LimitServer&) = delete;

  /// Adds a descriptor whose readability poll() reports.
  void watch(int fd);
  /// Accepts, answers upgrades and drops what was read; waits at most `timeout_ms` for it.
  /// True when the watched descriptor is readable.
  bool poll(int timeout_ms);

  /// Writes `bytes`, whole frames, to every member, waiting for those whose socket is full. Returns
  /// the number of members. Throws std::runtime_error when one takes nothing for five seconds.
  std::size_t send_to_room(std::uint32_t room, std::string_view bytes);

  /// Where it listens; the port that was found, if none was asked for.
  [[nodiscard]] const sockaddr_in& address() const noexcept { return address_; }
  [[nodiscard]] std::size_t connections() const noexcept { return open_; }
  /// Times that a socket was full.
  [[nodiscard]] std::uint64_t waits() const noexcept { return waits_; }

 private:
  /// Indexed by its descriptor.
  struct Connection {
    bool open = false;
    bool upgraded = false;
    std::uint32_t room = 0;
    std::string request;  ///< the beginning of one; empty once upgraded
  };

  void accept_all();
  void read(int fd);
  void upgrade(int fd);
  void close(int fd);
  void finish_send(int fd, std::string_view rest);

  sockaddr_in address_;
  int listener_ = -1;
  int epoll_ = -1;
  int watched_ = -1;
  std::vector<Connection> connections_;
  std::vector<std::vector<int>> rooms_;
  std::vector<int> lost_;  ///< found while a room was written; closed after it
  std::vector<char> buffer_;
  std::size_t open_ = 0;
  std::uint64_t waits_ = 0;
};

/// What a request of `outcry_load --bare` asks for.
struct BareUpgrade {
  std::string_view key;  ///< Sec-WebSocket-Key
  std::uint32_t room = 0;
};
/// Reads a whole request head. False when it isn't one of a bare client.
[[nodiscard]] bool read_bare_upgrade(std::string_view head, BareUpgrade& out) noexcept;

/// An unmasked text frame (RFC 6455 §5.2); `payload` < 64 KiB.
[[nodiscard]] std::string text_frame(std::string_view payload);

}  // namespace outcry::bench
