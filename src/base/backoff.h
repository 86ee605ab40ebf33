// base/backoff.h — how long to wait before trying again.
//
// Exponential with full jitter: the n-th pause is anything between zero and min * 2^n, at most
// max. Without the jitter every gateway of a fleet would knock on a restarted server at the same
// moment, again and again. Pure: randomness is an argument.
#pragma once

#include <chrono>
#include <cstdint>

namespace outcry {

/// A random number for next(), from the system.
[[nodiscard]] std::uint64_t backoff_random();

class Backoff {
 public:
  Backoff(std::chrono::milliseconds min, std::chrono::milliseconds max) noexcept
      : min_(min), max_(max) {}

  /// The next pause. `random` is any uniformly distributed number.
  [[nodiscard]] std::chrono::milliseconds next(std::uint64_t random) noexcept;

  /// After success: the next pause is short again.
  void reset() noexcept { attempt_ = 0; }

 private:
  std::chrono::milliseconds min_;
  std::chrono::milliseconds max_;
  unsigned attempt_ = 0;
};

}  // namespace outcry
