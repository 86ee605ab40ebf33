// limits/rate.h — so many in a time, and so many at once: a bucket that is one number.
//
//   now ─────────── ahead ───────────▶ until      a unit taken moves `until` on by its own time;
//    └──────── window ────────┘                   beyond the window is beyond the limit
//
// The generic cell rate algorithm (ITU-T I.371): nothing is refilled, for time does that by
// passing. A bucket of a connection is 32 bits. It counts 1/64 ms, so it is right for 9 hours after
// it was last written; a connection's are kept up by its heartbeat.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <type_traits>

#include "base/clock.h"

namespace outcry::limits {

/// 1/64 of a millisecond.
using Ticks = std::int64_t;
inline constexpr Ticks kTicksPerSecond = 64'000;

[[nodiscard]] Ticks ticks_of(TimePoint time) noexcept;
/// Rounded up: whoever waits for so long has waited long enough.
[[nodiscard]] std::chrono::milliseconds milliseconds_of(Ticks ticks) noexcept;

class Rate {
 public:
  /// No limit.
  constexpr Rate() = default;
  /// `per_second` units on and on, and `at_once` of them at any time. 0 a second: no limit.
  constexpr Rate(double per_second, double at_once) noexcept
      : ticks_(per_second > 0 ? kTicksPerSecond / per_second : 0),
        window_(static_cast<Ticks>(at_once * ticks_)) {}

  [[nodiscard]] constexpr bool unlimited() const noexcept { return ticks_ == 0; }
  /// What `units` cost; at least one tick.
  [[nodiscard]] constexpr Ticks cost(std::uint64_t units) const noexcept {
    return std::max<Ticks>(static_cast<Ticks>(static_cast<double>(units) * ticks_), 1);
  }
  /// How far ahead of time one may be.
  [[nodiscard]] constexpr Ticks window() const noexcept { return window_; }

 private:
  double ticks_ = 0;  // a unit's
  Ticks window_ = 0;
};

/// `Word`: std::uint32_t or std::uint64_t.
template <class Word>
class Bucket {
 public:
  Bucket() = default;
  explicit Bucket(Ticks now) noexcept : until_(static_cast<Word>(now)) {}

  /// Taken ahead of time; 0: nothing.
  [[nodiscard]] Ticks ahead(Ticks now) const noexcept {
    const auto left = static_cast<std::make_signed_t<Word>>(until_ - static_cast<Word>(now));
    return std::max<Ticks>(left, 0);
  }
  /// Adds to that, up to `most`.
  void add(Ticks cost, Ticks now, Ticks most) noexcept {
    until_ = static_cast<Word>(now + std::min(ahead(now) + cost, most));
  }
  /// Makes it at least so far ahead.
  void raise(Ticks least, Ticks now) noexcept {
    until_ = static_cast<Word>(now + std::max(ahead(now), least));
  }
  /// Writes it anew, with nothing taken: it is right from `now` on for as long as its word lasts.
  void keep(Ticks now) noexcept { until_ = static_cast<Word>(now + ahead(now)); }
  /// Takes `units` if they are within the limit. Else nothing is taken, and the time until they
  /// will be is returned.
  [[nodiscard]] Ticks take(const Rate& rate, std::uint64_t units, Ticks now) noexcept {
    if (rate.unlimited()) return 0;
    const Ticks after = ahead(now) + rate.cost(units);
    if (after > rate.window()) return after - rate.window();
    until_ = static_cast<Word>(now + after);
    return 0;
  }

 private:
  Word until_ = 0;
};

}  // namespace outcry::limits
