#include "net/timer_wheel.h"

#include <algorithm>

namespace outcry::net {
namespace {

// The end of a timer's chain: `next_ == nullptr` means "not armed", so a chain needs another end.
Timer* chain_end() noexcept {
  static char end;
  return reinterpret_cast<Timer*>(&end);
}

}  // namespace

void Timer::cancel() noexcept {
  if (!armed()) return;
  *previous_ = next_;
  if (next_ != chain_end()) next_->previous_ = previous_;
  next_ = nullptr;
  previous_ = nullptr;
}

TimerWheel::TimerWheel(TimePoint now) : tick_(tick_of(now)) {
  slots_.fill(chain_end());
}

TimerWheel::~TimerWheel() {
  for (Timer*& slot : slots_) {
    while (slot != chain_end()) slot->cancel();
  }
}

std::int64_t TimerWheel::tick_of(TimePoint time) noexcept {
  return time.time_since_epoch() / kSlot;
}

void TimerWheel::arm(Timer& timer, TimePoint deadline) noexcept {
  timer.cancel();
  const TimePoint now{tick_ * kSlot};
  timer.deadline_ = CoarseTime(deadline, now);
  // Never into a slot that has been fired: late by a slot, but not by a circle.
  const std::int64_t tick = std::max(tick_of(timer.deadline_.seen_at(now)), tick_ + 1);
  Timer*& slot = slots_[static_cast<std::size_t>(tick) % kSlots];
  timer.next_ = slot;
  timer.previous_ = &slot;
  if (slot != chain_end()) slot->previous_ = &timer.next_;
  slot = &timer;
}

void TimerWheel::advance(TimePoint now) noexcept {
  const std::int64_t until = tick_of(now);
  // After a long stop (SIGSTOP, a laptop asleep) one circle visits every slot.
  std::int64_t tick = std::max(tick_, until - static_cast<std::int64_t>(kSlots));
  while (tick < until) {
    ++tick;
    tick_ = tick;
    Timer*& slot = slots_[static_cast<std::size_t>(tick) % kSlots];
    // The slot's chain is taken off first: a handler may arm into this very slot.
    Timer* due = slot;
    slot = chain_end();
    if (due != chain_end()) due->previous_ = &due;
    while (due != chain_end()) {
      Timer& timer = *due;
      timer.cancel();
      if (timer.deadline_.reached(now)) {
        timer.on_timer(now);
      } else {
        arm(timer, timer.deadline_.seen_at(now));  // its turn comes in a later circle
      }
    }
  }
}

}  // namespace outcry::net
