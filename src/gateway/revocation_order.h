// gateway/revocation_order.h — a revocation as JSON: what the API takes and nodes tell each other.
//
//   {"jti":"0c9d…","ttl_s":900}
//   {"user":"u7","issued_before":1700000000}
//   {"session":"b7b7…","until":1700000900}
#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "gateway/operations.h"

namespace outcry::gateway {

struct RevocationFault {
  std::string member;  // empty: of the object
  std::string text;    // "ttl_s must be a whole number from 1 to 315360000"
};

/// The event by which publishers and nodes say it.
inline constexpr std::string_view kRevokeEvent = "outcry:revoke";

/// `object` is checked JSON (json::validate()) of any kind. `ignored`: a member that may be there.
[[nodiscard]] std::expected<TokenRevocation, RevocationFault> read_revocation(
    std::string_view object, WallTime now, std::string_view ignored = {});

/// With `from`, in a form that read_revocation() understands whenever it arrives.
[[nodiscard]] std::string revocation_text(const TokenRevocation& revocation, std::string_view from);

[[nodiscard]] std::string_view name_of(RevocationKind kind) noexcept;

}  // namespace outcry::gateway
