// simulation/network.h — sockets, and what waits for them: epoll, as far as a node uses it.
//
//   client ─ arrive() ─▶ [unread] ─ read() ─▶ the node
//   client ◀─ take() ─ [unsent, at most a window] ◀─ send() ─ the node
//
// What is on its way moves when the simulation says so, in parts of any size. A client may go
// without the node's hearing of it.
// Thread: its machine's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <sys/epoll.h>
#include <variant>
#include <vector>

namespace outcry::simulation {

/// One TCP connection, as its two ends share it.
class Line {
 public:
  explicit Line(std::size_t window) : window_(window) {}

  // ---- The client's end ----

  /// Bytes reach the node.
  void arrive(std::string_view bytes);
  /// Up to so many of the node's bytes.
  [[nodiscard]] std::string take(std::size_t most);
  /// Nothing more will come from the node.
  [[nodiscard]] bool is_over() const noexcept { return gone_ || (ended_ && unsent_.empty()); }
  enum class Cut : std::uint8_t {
    closed,  // the node hears of an end in order
    reset,   // of a broken connection
    silent   // nothing at all: its bytes are taken by nobody
  };
  void cut(Cut how);

 private:
  friend class Network;
  [[nodiscard]] std::uint32_t state() const noexcept;

  const std::size_t window_;
  std::string unread_;
  std::string unsent_;
  bool client_ended_ = false;
  bool reset_ = false;
  bool ended_ = false;  // by the node, for writing
  bool gone_ = false;   // the node has closed it, or has ended
};
using LinePtr = std::shared_ptr<Line>;

class Network {
 public:
  explicit Network(std::mt19937& random) : random_(random) {}

  /// A client knocks at one of the listeners. nullptr: there is none.
  [[nodiscard]] LinePtr connect(std::size_t listener, std::size_t window);
  /// What was open is no more, and what is written goes nowhere. Descriptors stay until closed.
  void power_off();
  /// Of everything that the node has read and written so far, in its order.
  [[nodiscard]] std::uint64_t trace() const noexcept { return trace_; }

  // ---- For the system calls; errors are negative, as the kernel returns them ----

  [[nodiscard]] static bool is_ours(int fd) noexcept { return fd >= kFirst; }
  [[nodiscard]] int make_socket() { return add(Listener{}); }
  [[nodiscard]] int make_event() { return add(Event{}); }
  [[nodiscard]] int make_poll() { return add(Poll{}); }
  int listen(int fd);
  int accept(int fd);
  [[nodiscard]] std::ptrdiff_t read(int fd, std::span<char> into, bool peeks);
  [[nodiscard]] std::ptrdiff_t write(int fd, std::string_view bytes);
  int shut_writing(int fd);
  int close(int fd);
  int control(int poll, int operation, int fd, const epoll_event* event);
  [[nodiscard]] int collect(int poll, std::span<epoll_event> out);
  [[nodiscard]] bool has_events(int poll) const;

 private:
  static constexpr int kFirst = 1 << 20;
  struct Listener {
    bool listens = false;
    std::deque<LinePtr> waiting;
  };
  struct Event {
    std::uint64_t count = 0;
  };
  struct Watched {
    epoll_event event{};
    bool news = false;  // for an edge-triggered one: since it was told last
  };
  struct Poll {
    std::map<int, Watched> watched;
  };
  using Descriptor = std::variant<Listener, LinePtr, Event, Poll>;

  int add(Descriptor descriptor);
  void note(std::string_view bytes) noexcept;
  [[nodiscard]] std::uint32_t state(int fd) const;
  [[nodiscard]] std::uint32_t news(int fd, const Watched& watched) const;

  std::mt19937& random_;
  std::map<int, Descriptor> descriptors_;
  int next_ = kFirst;
  std::uint64_t trace_ = 14'695'981'039'346'656'037u;  // FNV-1a
};

}  // namespace outcry::simulation
