// net/event_loop.h — one thread's epoll loop: readiness, timers, and the end of each tick.
//
//   tick:  wait for readiness -> handlers -> timers -> TickHandler::on_tick_end
//
// Handlers record what is to be done; on_tick_end does it once for all of them (one write for a
// connection, closed connections freed), which is where coalescing comes from, without a timer.
// Level-triggered: a handler that leaves data unread is called again on the next tick.
// Thread: the one that calls run(), but for wake(), which any thread may call.
#pragma once

#include <cstdint>

#include "base/clock.h"
#include "net/timer_wheel.h"
#include "net/unique_fd.h"

namespace outcry::net {

/// Readiness of a descriptor, as EPOLLIN, EPOLLOUT, EPOLLRDHUP … bits.
class IoHandler {
 public:
  virtual void on_io(std::uint32_t events) noexcept = 0;

 protected:
  ~IoHandler() = default;
};

class TickHandler {
 public:
  /// Called at the end of every tick. Returns true if work is left that shall not wait for events.
  virtual bool on_tick_end(TimePoint now) noexcept = 0;

 protected:
  ~TickHandler() = default;
};

struct LoopStats {
  std::uint64_t ticks = 0;
  std::uint64_t slow_ticks = 0;  // longer than kSlowTick
  std::chrono::nanoseconds longest_tick{0};
};

class EventLoop {
 public:
  static constexpr std::chrono::milliseconds kSlowTick{50};

  EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  /// Watches `fd`. The handler must live until remove(fd), or until the end of the tick in which
  /// remove(fd) is called: events of that tick may already be on their way to it.
  /// Throws std::system_error (start-up) if the kernel refuses; see try_add for peers' sockets.
  void add(int fd, IoHandler& handler, std::uint32_t events);
  [[nodiscard]] bool try_add(int fd, IoHandler& handler, std::uint32_t events) noexcept;
  void modify(int fd, IoHandler& handler, std::uint32_t events) noexcept;
  void remove(int fd) noexcept;

  [[nodiscard]] TimerWheel& timers() noexcept { return timers_; }
  /// The time at which this tick's events were fetched; cheap.
  [[nodiscard]] TimePoint now() const noexcept { return now_; }
  [[nodiscard]] const LoopStats& stats() const noexcept { return stats_; }
  [[nodiscard]] bool in_thread() const noexcept;

  /// Runs ticks until stop(), which only a handler may call: other threads post that wish.
  void run(TickHandler& handler);
  void stop() noexcept;
  /// Ends the wait of the current tick, or of the next one.
  void wake() noexcept;

 private:
  void note_tick_length() noexcept;

  UniqueFd epoll_;
  UniqueFd wake_up_;
  TimePoint now_;
  TimerWheel timers_;
  LoopStats stats_;
  std::uint64_t thread_ = 0;
  bool stopping_ = false;
};

}  // namespace outcry::net
