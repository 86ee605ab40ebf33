#include "limits/limits.h"

namespace outcry::limits {
namespace {

// In the order of Limit.
constexpr std::array<std::string_view, kLimitCount> kNames = {
    "user_sockets",     "address_sockets",    "connections",       "address_connections",
    "address_connects", "connection_packets", "connection_bytes",  "user_packets",
    "user_bytes",       "user_joins",         "user_failed_joins", "address_failed_joins",
    "user_ban",         "address_ban",
};

}  // namespace

std::string_view name_of(Limit limit) noexcept {
  return kNames[static_cast<std::size_t>(limit)];
}

LimitCounts& LimitCounts::operator+=(const LimitCounts& other) noexcept {
  for (std::size_t i = 0; i < kLimitCount; ++i) {
    refused[i] += other.refused[i];
    would_refuse[i] += other.would_refuse[i];
  }
  return *this;
}

}  // namespace outcry::limits
