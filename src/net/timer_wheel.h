// net/timer_wheel.h — deadlines by the hundred thousand, armed and cancelled in constant time.
//
//   slot = (deadline / 8 ms) mod 4096          a circle of 33 s; later deadlines go round again
//   slot 17 -> timer -> timer -> …             doubly linked through the timers themselves
//
// A connection has one timer for all that it waits for, so that hostile input can't grow
// the wheel. Timers fire late by at most one slot, never early.
// Thread: its loop only. A Timer must not move while armed, and cancels itself when destroyed.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>

#include "base/clock.h"

namespace outcry::net {

class TimerWheel;

/// Who is told that a timer has fired. The timer is disarmed by then and may be armed again.
class TimerHandler {
 public:
  virtual void on_timer(TimePoint now) noexcept = 0;

 protected:
  ~TimerHandler() = default;
};

class Timer {
 public:
  explicit Timer(TimerHandler& handler) noexcept : handler_(handler) {}
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;
  ~Timer() { cancel(); }

  [[nodiscard]] bool armed() const noexcept { return next_ != nullptr; }
  [[nodiscard]] TimePoint deadline() const noexcept { return deadline_; }
  void cancel() noexcept;

 private:
  friend class TimerWheel;
  TimerHandler& handler_;
  TimePoint deadline_{};
  Timer* next_ = nullptr;
  Timer** previous_ = nullptr;  // the pointer that points here
};

class TimerWheel {
 public:
  explicit TimerWheel(TimePoint now);
  ~TimerWheel();
  TimerWheel(const TimerWheel&) = delete;
  TimerWheel& operator=(const TimerWheel&) = delete;

  /// Arms `timer` for `deadline`, replacing an earlier deadline.
  void arm(Timer& timer, TimePoint deadline) noexcept;
  /// Fires what is due; handlers may arm and cancel any timer.
  void advance(TimePoint now) noexcept;

  static constexpr std::chrono::milliseconds kSlot{8};

 private:
  static constexpr std::size_t kSlots = 4096;
  [[nodiscard]] static std::int64_t tick_of(TimePoint time) noexcept;

  std::array<Timer*, kSlots> slots_{};
  std::int64_t tick_;  // all slots up to here have been fired
};

}  // namespace outcry::net
