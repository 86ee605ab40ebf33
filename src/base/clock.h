// base/clock.h — the two clocks. Code below the loops takes time as an argument, so tests and
// simulations own it.
#pragma once

#include <chrono>

namespace outcry {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// For intervals and deadlines: never goes back.
using TimePoint = std::chrono::steady_clock::time_point;
/// For what leaves the process (token times, logs): may be set back by an administrator.
using WallTime = std::chrono::sys_time<std::chrono::milliseconds>;

[[nodiscard]] inline TimePoint steady_now() noexcept {
  return std::chrono::steady_clock::now();
}
[[nodiscard]] inline WallTime wall_now() noexcept {
  return std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now());
}

}  // namespace outcry
