#include "protocol/proxy/proxy_error.h"

#include <array>
#include <string_view>

#include "base/error_enum.h"

namespace outcry::proxy {
namespace {

using namespace std::string_view_literals;

constexpr std::array kNames{
    "no error"sv,
    "no PROXY header"sv,
    "a PROXY line against its grammar"sv,
    "a PROXY line with a bad address or port"sv,
    "a PROXY line that is too long"sv,
    "a PROXY header of an unknown version or command"sv,
    "a PROXY header of an unknown address family"sv,
    "a PROXY header that is too short for its addresses"sv,
    "a PROXY header that is too long"sv,
    "a PROXY header with a malformed TLV"sv,
    "a PROXY header with a wrong checksum"sv,
};

}  // namespace

std::error_code make_error_code(ProxyError error) noexcept {
  static const TableCategory category("proxy", kNames);
  return {static_cast<int>(error), category};
}

}  // namespace outcry::proxy
