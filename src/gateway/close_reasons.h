// gateway/close_reasons.h — why engine sessions end, as metrics and the audit trail say it.
#pragma once

#include <array>
#include <string_view>

#include "transport/options.h"

namespace outcry::gateway {

// In the order of transport::CloseReason.
inline constexpr std::array<std::string_view, transport::kCloseReasonCount> kCloseReasons = {
    "transport_close",
    "transport_error",
    "parse_error",
    "ping_timeout",
    "confirm_timeout",
    "forced_close",
    "server_close",
    "expired",
    "outbox_overflow",
    "server_shutting_down",
    "flood",
    "lifetime",
    "idle",
    "banned",
    "revoked",
    "gap"};

[[nodiscard]] constexpr std::string_view name_of(transport::CloseReason reason) noexcept {
  return kCloseReasons[static_cast<std::size_t>(reason)];
}

}  // namespace outcry::gateway
