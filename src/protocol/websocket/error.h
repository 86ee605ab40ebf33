// protocol/websocket/error.h — why a connection or its handshake was refused, one value a cause.
#pragma once

#include <cstdint>
#include <system_error>

namespace outcry::websocket {

enum class WebSocketError : std::uint8_t {
  none,
  // Frames and messages: close_code_for says what the peer is told.
  reserved_bits,            // RSV1 where it means nothing, RSV2 or RSV3 (RFC 6455 §5.2)
  reserved_opcode,          // 3 to 7, 11 to 15
  unmasked_frame,           // from a client (§5.1)
  length_not_minimal,       // a longer form than needed (§5.2)
  length_top_bit,           // a 64-bit length of 2^63 or more
  message_too_big,          // beyond the limit, seen before it is stored
  too_many_fragments,       //
  fragmented_control,       // a control frame without FIN (§5.5)
  control_too_long,         // more than 125 bytes
  unexpected_continuation,  // no message to continue (§5.4)
  expected_continuation,    // a new message within one
  invalid_utf8,             // in a text message (§8.1)
  close_payload_one_byte,   // half a code (§5.5.1)
  invalid_close_code,       // one that never goes over the wire, or unassigned (§7.4)
  invalid_close_reason,     // not UTF-8
  invalid_deflate,          // not a whole DEFLATE stream (RFC 7692 §7.2.2)
  // The handshake: status_for says what the peer is told.
  method_not_get,
  http_version_too_old,
  not_an_upgrade,        // Connection without `upgrade`, or Upgrade without `websocket`
  unsupported_version,   // Sec-WebSocket-Version isn't 13: 426
  invalid_key,           // Sec-WebSocket-Key isn't 16 bytes in base64
  malformed_extensions,  // Sec-WebSocket-Extensions breaks its grammar (RFC 6455 §9.1)
};

[[nodiscard]] std::error_code make_error_code(WebSocketError error) noexcept;

/// The close code for the peer: 1002 (protocol), 1007 (not what it says it is) or 1009 (too big).
/// Codes of another category give 1011.
[[nodiscard]] std::uint16_t close_code_for(std::error_code error) noexcept;

/// The status that refuses a handshake: 400, 405 or 426.
[[nodiscard]] int status_for(std::error_code error) noexcept;

}  // namespace outcry::websocket

template <>
struct std::is_error_code_enum<outcry::websocket::WebSocketError> : std::true_type {};
