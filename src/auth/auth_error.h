// auth/auth_error.h — why a token, a secret or a room template was refused: one value a cause.
//
// The log and the counters get the cause. A client gets less: whether a new token would help.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <system_error>

namespace outcry::auth {

enum class AuthError : std::uint8_t {
  none,
  missing,          // no token at all
  too_long,         // longer than the policy's token_bytes_max
  malformed,        // not three strict base64url parts, or not strict JSON, or a claim's wrong type
  algorithm,        // `alg` absent or another than the key's; `none` always
  critical_header,  // a `crit` header: an extension that must be understood, and none is
  unknown_key,      // `kid` names no key
  bad_signature,
  no_expiry,      // no `exp`
  expired,        // `exp` is past, leeway included
  not_yet_valid,  // `nbf` or `iat` lies ahead, leeway included
  too_old,        // `iat` longer ago than age_max, or no `iat` and `exp` further ahead than that
  no_identity,    // no identity claim, or the first one present isn't a usable string
  refresh_token,  // `type` is "refresh": for the back end's token endpoint only
  issuer,         // `iss` isn't the configured one
  audience,       // `aud` doesn't hold the configured one
  missing_claim,  // a claim of the policy's is absent, or says something else
  revoked,        // by jti, user or session: the issuer has taken it back
  room_template,  // a room template that can't be understood, is too wide, or comes twice
};

inline constexpr std::size_t kAuthErrorCount = 19;

/// "bad_signature": for labels of metrics.
[[nodiscard]] std::string_view name_of(AuthError error) noexcept;
[[nodiscard]] std::error_code make_error_code(AuthError error) noexcept;

}  // namespace outcry::auth

template <>
struct std::is_error_code_enum<outcry::auth::AuthError> : std::true_type {};
