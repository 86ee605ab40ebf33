#include "gateway/codes.h"

#include <array>

#include <fmt/format.h>

#include "auth/auth_error.h"
#include "base/assert.h"

namespace outcry::gateway {
namespace {

constexpr std::array<CodeRow, 22> kTable = {{
    {Code::token_missing, "token_missing", "a token is required to connect", false},
    {Code::token_invalid, "token_invalid", "the token is not valid", false},
    {Code::token_expired, "token_expired", "the token has expired: connect with a new one", false},
    {Code::token_not_yet_valid, "token_not_yet_valid", "the token is not valid yet", true},
    {Code::token_refresh, "token_refresh", "a refresh token can't be used to connect", false},
    {Code::token_key_unknown, "token_key_unknown", "the token's key isn't known here: try again",
     true},
    {Code::token_revoked, "token_revoked", "the token was revoked", false},
    {Code::token_other_user, "token_other_user", "the token is another user's: the old one counts",
     false},
    {Code::too_many_tokens, "too_many_tokens", "too many tokens were refused: connect again",
     false},
    {Code::user_limit, "user_limit", "this user has too many connections", true},
    {Code::address_limit, "address_limit", "too many connections come from this address", true},
    {Code::banned, "banned", "too many joins were refused: wait", true},
    {Code::bad_request, "bad_request", "the event's argument is missing or malformed", false},
    {Code::forbidden, "forbidden", "you may not join this room", false},
    {Code::grant_required, "grant_required", "a grant is required to join this room", false},
    {Code::grant_expired, "grant_expired", "the grant has expired: ask for a new one", false},
    {Code::removed, "removed", "you have been removed from this room", false},
    {Code::too_many_rooms, "too_many_rooms", "too many rooms joined: leave one first", false},
    {Code::too_many_requests, "too_many_requests", "too many joins are waiting for an answer",
     true},
    {Code::rate_limited, "rate_limited", "too much was asked at once: slow down", true},
    {Code::unknown_event, "unknown_event", "this server knows no such event", false},
    {Code::unavailable, "unavailable", "this can't be checked at the moment: try again", true},
}};

}  // namespace

std::span<const CodeRow> code_table() noexcept {
  return kTable;
}

const CodeRow& row_of(Code code) noexcept {
  const CodeRow& row = kTable[static_cast<std::size_t>(code)];
  OUTCRY_ASSERT(row.code == code);
  return row;
}

Code code_for_token(std::error_code error) noexcept {
  using auth::AuthError;
  if (error == AuthError::missing) return Code::token_missing;
  if (error == AuthError::expired || error == AuthError::too_old) return Code::token_expired;
  if (error == AuthError::not_yet_valid) return Code::token_not_yet_valid;
  if (error == AuthError::refresh_token) return Code::token_refresh;
  if (error == AuthError::revoked) return Code::token_revoked;
  return Code::token_invalid;
}

Code code_for_limit(limits::Limit limit) noexcept {
  switch (limit) {
    case limits::Limit::user_sockets:
      return Code::user_limit;
    case limits::Limit::address_sockets:
      return Code::address_limit;
    case limits::Limit::user_ban:
    case limits::Limit::address_ban:
      return Code::banned;
    default:
      return Code::rate_limited;
  }
}

std::string connect_error_data(Code code, std::chrono::milliseconds retry_after) {
  const CodeRow& row = row_of(code);
  std::string out = fmt::format(R"({{"code":"{}","retryable":{})", row.name, row.retryable);
  if (retry_after.count() > 0) out += fmt::format(R"(,"retry_after_ms":{})", retry_after.count());
  return out + '}';
}

}  // namespace outcry::gateway
