// limits/limits.h — the limits that can be reached by asking too much, and how often each was.
//
// One immutable value for the whole process: who applies limits holds a copy and is given a new one
// as a whole. A limit that is reached refuses one request and says when to come again; with
// `dry_run` it is counted as if it had refused, and refuses nobody.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "limits/key_hash.h"

namespace outcry::limits {

enum class Limit : std::uint8_t {
  user_sockets,
  address_sockets,
};
inline constexpr std::size_t kLimitCount = 2;

/// As metrics and logs say it.
[[nodiscard]] std::string_view name_of(Limit limit) noexcept;

struct Limits {
  bool dry_run = false;
  // Over all workers, connected at once.
  std::uint32_t user_sockets_max = 100;
  std::uint32_t address_sockets_max = 5'000;
};

/// Who asks. An exempt address, like any user that isn't known yet, is kNobody.
struct Party {
  Key user = kNobody;
  Key address = kNobody;

  bool operator==(const Party&) const = default;
};

struct Refusal {
  Limit limit{};
  std::chrono::milliseconds retry_after{};

  bool operator==(const Refusal&) const = default;
};

/// What one thread has counted.
struct LimitCounts {
  std::array<std::uint64_t, kLimitCount> refused{};       // by Limit
  std::array<std::uint64_t, kLimitCount> would_refuse{};  // in a dry run

  /// Counts a limit that was reached. What is returned is to be refused: nothing in a dry run.
  [[nodiscard]] std::optional<Refusal> reached(const Limits& limits, const Refusal& refusal) {
    auto& counts = limits.dry_run ? would_refuse : refused;
    ++counts[static_cast<std::size_t>(refusal.limit)];
    return limits.dry_run ? std::nullopt : std::optional(refusal);
  }
};

}  // namespace outcry::limits
