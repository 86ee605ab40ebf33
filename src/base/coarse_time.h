// base/coarse_time.h — a deadline in four bytes, for what every connection has several of.
//
//   TimePoint ─▶ steps of 8 ms, rounded up, round and round ─▶ 32 bits
//
// What it means depends on when it is looked at: it is right as long as it lies within 198 days of
// that moment, before or after. A deadline that is farther away is one in 198 days; whoever keeps
// it must bear that.
// Immutable value; any thread.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <ratio>

#include "base/clock.h"

namespace outcry {

class CoarseTime {
 public:
  static constexpr std::chrono::milliseconds kStep{8};
  /// As far as one can see: a day is left for deadlines that are looked at late.
  static constexpr std::chrono::days kFarthest{197};

  /// Never.
  constexpr CoarseTime() = default;
  /// The first step that isn't before `time`, which max() says is never.
  constexpr CoarseTime(TimePoint time, TimePoint now) noexcept {
    if (time == TimePoint::max()) return;
    const auto seen = std::min(time, now + kFarthest).time_since_epoch();
    word_ = static_cast<std::uint32_t>(std::chrono::ceil<Steps>(seen).count());
    if (word_ == kNever) ++word_;
  }

  /// max(): never.
  [[nodiscard]] constexpr TimePoint seen_at(TimePoint now) const noexcept {
    if (word_ == kNever) return TimePoint::max();
    const Steps current = std::chrono::floor<Steps>(now.time_since_epoch());
    const Steps left(
        static_cast<std::int32_t>(word_ - static_cast<std::uint32_t>(current.count())));
    return TimePoint(current + left);
  }
  [[nodiscard]] constexpr bool reached(TimePoint now) const noexcept { return seen_at(now) <= now; }

 private:
  using Steps = std::chrono::duration<std::int64_t, std::ratio<8, 1000>>;
  static constexpr std::uint32_t kNever = 0;
  std::uint32_t word_ = kNever;
};

}  // namespace outcry
