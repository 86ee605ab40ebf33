// protocol/http/header_list.h — comma-separated header values (RFC 9110 §5.6.1).
#pragma once

#include <string_view>

namespace outcry::http {

/// Without the spaces and tabs at both ends.
[[nodiscard]] std::string_view trimmed(std::string_view text) noexcept;

/// ASCII letters compared without case.
[[nodiscard]] bool equal_ignoring_case(std::string_view a, std::string_view b) noexcept;

/// Whether the list `value` has `token` as one of its elements, without regard to case; empty
/// elements are skipped. Elements with parameters (`gzip;q=1`) don't match.
[[nodiscard]] bool list_has_token(std::string_view value, std::string_view token) noexcept;

}  // namespace outcry::http
