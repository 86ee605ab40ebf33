#include "webclient/web_error.h"

#include <array>
#include <string_view>

#include "base/error_enum.h"

namespace outcry::webclient {
namespace {

using namespace std::string_view_literals;

constexpr std::array kNames{
    "no error"sv,
    "not a URL of the form https://host[:port][/path] or http://…"sv,
    "the URL has no usable host; IPv6 addresses stand in brackets"sv,
    "the URL's port must be 1 to 65535"sv,
    "the URL's path holds a character that must be percent-encoded"sv,
    "the URL holds a user or password; secrets are sent as headers"sv,
    "the URL holds a fragment (#), which is never sent"sv,
    "the file of certificates can't be read or holds none"sv,
    "the request holds a control character in its target or a header"sv,
    "too many requests wait"sv,
    "the server failed too often and is not asked for a while"sv,
    "the client is stopped"sv,
    "no whole answer in time"sv,
    "the host's name was not found"sv,
    "the host can't be reached"sv,
    "the TLS handshake failed"sv,
    "the server's certificate is not trusted"sv,
    "the server's certificate is for another host"sv,
    "the server's certificate has expired or is not valid yet"sv,
    "the connection was lost"sv,
    "the answer is not HTTP"sv,
    "the answer's headers are over the limit"sv,
    "the answer's body is over the limit"sv,
};
static_assert(kNames.size() == static_cast<std::size_t>(WebError::body_too_large) + 1);

}  // namespace

std::error_code make_error_code(WebError error) noexcept {
  static const TableCategory category("webclient", kNames);
  return {static_cast<int>(error), category};
}

}  // namespace outcry::webclient
