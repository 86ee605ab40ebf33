// common/workload.h — what the load generator, the publisher and the ownership database agree on.
//
//   user-0000042 owns challenge bench-0000042, whose events go to room challenge_bench-0000042
//
// Numbers have a fixed width, so that a captured message is made into any other by overwriting
// digits in place, without encoding it again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <ctime>
#include <string>
#include <string_view>

#include <fmt/format.h>

namespace outcry::bench {

inline constexpr std::size_t kIndexDigits = 7;
inline constexpr std::size_t kTimestampDigits = 19;
/// Prefixes of the numbered names.
inline constexpr std::string_view kChallengePrefix = "bench-";
inline constexpr std::string_view kUserPrefix = "user-";
inline constexpr std::string_view kRoomPrefix = "challenge_";  ///< of a challenge's room
/// The field that carries the time of publishing.
inline constexpr std::string_view kTimestampField = "executed_at_ns";

[[nodiscard]] inline std::string challenge_id(std::uint32_t index) {
  return fmt::format("{}{:07}", kChallengePrefix, index);
}
[[nodiscard]] inline std::string user_id(std::uint32_t index) {
  return fmt::format("{}{:07}", kUserPrefix, index);
}

/// CLOCK_MONOTONIC: one clock for all processes of a machine, so a latency needs no
/// synchronisation.
[[nodiscard]] inline std::uint64_t monotonic_ns() noexcept {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000U +
         static_cast<std::uint64_t>(now.tv_nsec);
}

}  // namespace outcry::bench
