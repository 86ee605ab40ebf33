#include "protocol/websocket/error.h"

#include <array>
#include <string_view>

#include "base/error_enum.h"

namespace outcry::websocket {
namespace {

constexpr std::array<std::string_view, 23> kNames = {
    "none",
    "reserved bits are set",
    "opcode is reserved",
    "client frame is not masked",
    "payload length is not in its shortest form",
    "payload length has its top bit set",
    "message is too big",
    "message has too many fragments",
    "control frame is fragmented",
    "control frame is too long",
    "continuation without a message",
    "new message within a message",
    "text is not UTF-8",
    "close payload of one byte",
    "close code is not valid",
    "close reason is not UTF-8",
    "compressed payload is not valid",
    "upgrade is not a GET",
    "upgrade in HTTP before 1.1",
    "not an upgrade to websocket",
    "WebSocket version is not 13",
    "Sec-WebSocket-Key is not valid",
    "Sec-WebSocket-Extensions is not valid",
};
static_assert(kNames.size() == static_cast<std::size_t>(WebSocketError::malformed_extensions) + 1);

const TableCategory& category() noexcept {
  static const TableCategory instance("websocket", kNames);
  return instance;
}

}  // namespace

std::error_code make_error_code(WebSocketError error) noexcept {
  return {static_cast<int>(error), category()};
}

std::uint16_t close_code_for(std::error_code error) noexcept {
  if (error.category() != category()) return 1011;
  switch (static_cast<WebSocketError>(error.value())) {
    case WebSocketError::message_too_big:
    case WebSocketError::too_many_fragments:
      return 1009;
    case WebSocketError::invalid_utf8:
    case WebSocketError::invalid_close_reason:
    case WebSocketError::invalid_deflate:
      return 1007;
    default:
      return 1002;
  }
}

int status_for(std::error_code error) noexcept {
  if (error == WebSocketError::method_not_get) return 405;
  if (error == WebSocketError::unsupported_version) return 426;
  return 400;
}

}  // namespace outcry::websocket
