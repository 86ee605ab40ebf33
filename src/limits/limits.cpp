#include "limits/limits.h"

namespace outcry::limits {
namespace {

// In the order of Limit.
constexpr std::array<std::string_view, kLimitCount> kNames = {
    "user_sockets",
    "address_sockets",
};

}  // namespace

std::string_view name_of(Limit limit) noexcept {
  return kNames[static_cast<std::size_t>(limit)];
}

}  // namespace outcry::limits
