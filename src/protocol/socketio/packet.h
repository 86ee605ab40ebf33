// protocol/socketio/packet.h — Socket.IO protocol revision 5: one packet as text.
//
//   type [ attachments "-" ] [ namespace "," ] [ ack id ] [ JSON ]
//   2     ["hi",1]                an event in "/"
//   2     /chat,7["hi",1]         in "/chat", to be acknowledged as 7
//   5     1-["f",{"_placeholder":true,"num":0}]     its attachment follows as a message of its own
//
// JSON is validated as it is scanned and stays text: views into the caller's bytes. A packet that
// decodes keeps every rule of the grammar that needs no session; what a session may do with it
// (joined or not, expected ack or not) is the session's business.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>

#include "base/result.h"

namespace outcry::socketio {

enum class PacketType : std::uint8_t {
  connect,
  disconnect,
  event,
  ack,
  connect_error,
  binary_event,
  binary_ack
};

enum class PacketError : std::uint8_t {
  none,
  empty_packet,
  unknown_type,
  bad_attachment_count,
  too_many_attachments,
  namespace_too_long,
  bad_ack_id,
  bad_json,
  bad_payload,
  reserved_event,
  attachment_expected,
  attachment_unexpected,
  attachments_too_big,
  bad_placeholder,
};
std::error_code make_error_code(PacketError error);

struct PacketLimits {
  std::uint32_t attachments_max = 10;            // for one packet
  std::size_t attachment_bytes_max = 1'000'000;  // all attachments of one packet
  std::size_t namespace_bytes_max = 256;
  unsigned json_depth_max = 32;
};

struct Packet {
  PacketType type = PacketType::event;
  std::uint32_t attachment_count = 0;
  std::string_view namespace_name = "/";
  std::optional<std::uint64_t> id;
  std::string_view data;  // JSON text, or empty
  std::span<const std::string> attachments;

  [[nodiscard]] bool is_event() const noexcept {
    return type == PacketType::event || type == PacketType::binary_event;
  }
  [[nodiscard]] bool is_ack() const noexcept {
    return type == PacketType::ack || type == PacketType::binary_ack;
  }
};

/// Decodes the text of one packet; the attachments of a binary one are still to come.
/// `text` must be valid UTF-8. Errors: every cause above but those about attachments' bytes.
[[nodiscard]] Result<Packet> decode_packet(std::string_view text, const PacketLimits& limits);

/// The event's name, unescaped; a number stays its digits. For a decoded event only.
[[nodiscard]] std::string event_name(const Packet& event);
/// The first argument after the event's name as JSON text, or empty.
[[nodiscard]] std::string_view first_argument(const Packet& event);
/// All of them, joined by ',' as they stand in the packet; empty for none.
[[nodiscard]] std::string_view event_arguments(const Packet& event);
/// True for names that neither side may use for its own events (`connect`, `disconnect`, …).
[[nodiscard]] bool is_reserved_event(std::string_view name);

// Encoders append one packet's text to `out`. `arguments` are valid JSON values joined by ','.

/// `pid`: the secret to come back with, or empty for none.
void append_connect(std::string& out, std::string_view namespace_name, std::string_view sid,
                    std::string_view pid = {});
/// `data` is JSON text, or empty for none.
void append_connect_error(std::string& out, std::string_view namespace_name,
                          std::string_view message, std::string_view data = {});
void append_disconnect(std::string& out, std::string_view namespace_name);

struct EventText {
  std::string_view namespace_name = "/";
  std::string_view event;      // UTF-8, unescaped
  std::string_view arguments;  // may be empty
  std::size_t attachment_count = 0;
  std::optional<std::uint64_t> ack_id;
};
void append_event(std::string& out, const EventText& event);

struct AckText {
  std::string_view namespace_name = "/";
  std::uint64_t id = 0;
  std::string_view arguments;  // may be empty
  std::size_t attachment_count = 0;
};
void append_ack(std::string& out, const AckText& ack);

}  // namespace outcry::socketio

template <>
struct std::is_error_code_enum<outcry::socketio::PacketError> : std::true_type {};
