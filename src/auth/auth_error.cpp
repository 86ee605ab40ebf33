#include "auth/auth_error.h"

#include <array>
#include <string_view>

#include "base/error_enum.h"

namespace outcry::auth {
namespace {

struct Row {
  std::string_view name;
  std::string_view message;
};

// In the order of AuthError.
constexpr std::array<Row, kAuthErrorCount> kRows{{
    {"none", "no error"},
    {"missing", "no token"},
    {"too_long", "token too long"},
    {"malformed", "token malformed"},
    {"algorithm", "token algorithm refused"},
    {"critical_header", "token has a critical header"},
    {"unknown_key", "token names an unknown key"},
    {"bad_signature", "token signature is wrong"},
    {"no_expiry", "token never expires"},
    {"expired", "token expired"},
    {"not_yet_valid", "token not valid yet"},
    {"too_old", "token too old"},
    {"no_identity", "token names no user"},
    {"refresh_token", "refresh token refused"},
    {"issuer", "token from another issuer"},
    {"audience", "token for another audience"},
    {"missing_claim", "token lacks a required claim"},
    {"revoked", "token was revoked"},
    {"room_template", "bad room template"},
}};
static_assert(kRows.size() == static_cast<std::size_t>(AuthError::room_template) + 1);

constexpr auto kMessages = [] {
  std::array<std::string_view, kRows.size()> messages;
  for (std::size_t i = 0; i < kRows.size(); ++i) messages[i] = kRows[i].message;
  return messages;
}();

}  // namespace

std::string_view name_of(AuthError error) noexcept {
  return kRows[static_cast<std::size_t>(error)].name;
}

std::error_code make_error_code(AuthError error) noexcept {
  static const TableCategory category("auth", kMessages);
  return {static_cast<int>(error), category};
}

}  // namespace outcry::auth
