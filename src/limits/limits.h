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
#include "limits/offenders.h"
#include "limits/rate.h"

namespace outcry::limits {

enum class Limit : std::uint8_t {
  user_sockets,
  address_sockets,
  connections,
  address_connections,
  address_connects,
  connection_packets,
  connection_bytes,
  user_packets,
  user_bytes,
  user_joins,
  user_failed_joins,     // an answer that came late
  address_failed_joins,  // likewise
  user_ban,              // begun, or met while it lasts
  address_ban,           // likewise
};
inline constexpr std::size_t kLimitCount = 14;

/// As metrics and logs say it.
[[nodiscard]] std::string_view name_of(Limit limit) noexcept;

struct Limits {
  bool dry_run = false;
  // Over all workers, connected at once.
  std::uint32_t user_sockets_max = 100;
  std::uint32_t address_sockets_max = 5'000;
  // Of one worker: its share, with room for chance.
  std::uint32_t address_connections_max = 10'000;
  Rate address_connects;
  // Of one connection.
  Rate connection_packets;
  Rate connection_bytes;
  // Of a user, over all workers.
  Rate user_packets;
  Rate user_bytes;
  Rate user_joins;
  // Over all workers.
  OffenceRules user_offences;
  OffenceRules address_offences;
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
  LimitCounts& operator+=(const LimitCounts& other) noexcept;
};

}  // namespace outcry::limits
