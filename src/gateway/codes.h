// gateway/codes.h — what clients may see when they are refused: one closed table.
//
// The same three fields go into CONNECT_ERROR's data, the `error` event and an acknowledgement.
// Texts are for people and say nothing that the asker didn't know: whether a challenge exists is
// not told to one who may not join it. docs/reference/codes.md is tested against this table.
#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <system_error>

#include "limits/limits.h"

namespace outcry::gateway {

enum class Code : std::uint8_t {
  // CONNECT
  token_missing,
  token_invalid,
  token_expired,
  token_not_yet_valid,
  token_refresh,
  token_key_unknown,
  token_revoked,
  token_other_user,
  too_many_tokens,
  user_limit,
  address_limit,
  banned,
  // events
  bad_request,
  forbidden,
  grant_required,
  grant_expired,
  removed,
  too_many_rooms,
  too_many_requests,
  rate_limited,
  unknown_event,
  unavailable,
};

struct CodeRow {
  Code code;
  std::string_view name;     // on the wire
  std::string_view message;  // for people
  bool retryable;            // the same request may succeed later, unchanged
};

/// In the order of Code.
[[nodiscard]] std::span<const CodeRow> code_table() noexcept;
[[nodiscard]] const CodeRow& row_of(Code code) noexcept;

/// The code for a token that auth refused.
[[nodiscard]] Code code_for_token(std::error_code error) noexcept;

/// The code for a limit that was reached.
[[nodiscard]] Code code_for_limit(limits::Limit limit) noexcept;

/// `{"code":…,"retryable":…}`: the data of a CONNECT_ERROR, with `"retry_after_ms":…` if there is
/// something to wait for.
[[nodiscard]] std::string connect_error_data(Code code, std::chrono::milliseconds retry_after = {});

}  // namespace outcry::gateway
