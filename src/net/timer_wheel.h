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
#include "base/coarse_time.h"

namespace outcry::net {

class TimerWheel;

/// A base of whatever waits. Disarmed when it fires, and may be armed again.
class Timer {
 public:
  Timer() = default;
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  [[nodiscard]] bool armed() const noexcept { return next_ != nullptr; }
  void cancel() noexcept;

 protected:
  ~Timer() { cancel(); }

 private:
  friend class TimerWheel;
  virtual void on_timer(TimePoint now) noexcept = 0;

  Timer* next_ = nullptr;
  Timer** previous_ = nullptr;  // the pointer that points here
  CoarseTime deadline_;
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

  static constexpr auto kSlot = CoarseTime::kStep;

 private:
  static constexpr std::size_t kSlots = 4096;
  [[nodiscard]] static std::int64_t tick_of(TimePoint time) noexcept;

  std::array<Timer*, kSlots> slots_{};
  std::int64_t tick_;  // all slots up to here have been fired
};

}  // namespace outcry::net
