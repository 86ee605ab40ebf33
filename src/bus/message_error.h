// bus/message_error.h — why a publisher's message was dropped.
//
// The codecs' own errors (json, pickle, msgpack, value) pass through unchanged; these are the rules
// of the messages.
#pragma once

#include <cstdint>
#include <system_error>

namespace outcry::bus {

enum class MessageError : std::uint8_t {
  none,
  unknown_encoding,   // neither JSON nor the publisher's binary format
  too_big,            // JSON text beyond the limit
  wrong_shape,        // not the object or array that carries a message
  wrong_method,       // missing, or not a string
  wrong_event,        // missing, or not a string
  wrong_namespace,    // not a string
  wrong_room,         // missing where needed, or neither string nor integer
  wrong_socket,       // sid or skip_sid: missing where needed, or not a string
  wrong_arguments,    // not an array where one is due
  wrong_attachments,  // placeholder without attachment, or not base64
};
[[nodiscard]] std::error_code make_error_code(MessageError error);

}  // namespace outcry::bus

template <>
struct std::is_error_code_enum<outcry::bus::MessageError> : std::true_type {};
