#include "auth/auth_error.h"

#include <array>
#include <string_view>

#include "base/error_enum.h"

namespace outcry::auth {
namespace {

using namespace std::string_view_literals;

constexpr std::array kNames{
    "no error"sv,
    "no token"sv,
    "token too long"sv,
    "token malformed"sv,
    "token algorithm refused"sv,
    "token has a critical header"sv,
    "token names an unknown key"sv,
    "token signature is wrong"sv,
    "token never expires"sv,
    "token expired"sv,
    "token not valid yet"sv,
    "token too old"sv,
    "token names no user"sv,
    "refresh token refused"sv,
    "token from another issuer"sv,
    "token for another audience"sv,
    "token lacks a required claim"sv,
    "bad room template"sv,
};
static_assert(kNames.size() == static_cast<std::size_t>(AuthError::room_template) + 1);

}  // namespace

std::error_code make_error_code(AuthError error) noexcept {
  static const TableCategory category("auth", kNames);
  return {static_cast<int>(error), category};
}

}  // namespace outcry::auth
