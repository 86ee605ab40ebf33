// load/token.h — the access tokens of the simulated users (RFC 7519, HS256).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace outcry::bench {

/// `{"user_id":…,"iat":…,"exp":…}` signed with HMAC-SHA-256. Times are seconds since 1970.
[[nodiscard]] std::string mint_token(std::string_view secret, std::string_view user,
                                     std::int64_t issued_at, std::int64_t expires_at);

}  // namespace outcry::bench
