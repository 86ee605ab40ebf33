#include "limits/rate.h"

namespace outcry::limits {

Ticks ticks_of(TimePoint time) noexcept {
  using std::chrono::nanoseconds;
  constexpr std::int64_t kNanosecondsPerTick = 1'000'000'000 / kTicksPerSecond;
  return std::chrono::duration_cast<nanoseconds>(time.time_since_epoch()).count() /
         kNanosecondsPerTick;
}

std::chrono::milliseconds milliseconds_of(Ticks ticks) noexcept {
  constexpr Ticks kPerMillisecond = kTicksPerSecond / 1000;
  return std::chrono::milliseconds((ticks + kPerMillisecond - 1) / kPerMillisecond);
}

}  // namespace outcry::limits
