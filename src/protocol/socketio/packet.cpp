#include "protocol/socketio/packet.h"

#include <array>
#include <charconv>

#include <fmt/format.h>

#include "base/error_enum.h"
#include "base/json_text.h"

namespace outcry::socketio {
namespace {

constexpr std::array<std::string_view, 14> kPacketErrors = {
    "no error",
    "empty packet",
    "unknown packet type",
    "attachment count is not a number from 1 on",
    "too many attachments",
    "namespace too long",
    "acknowledgement id missing or too long",
    "payload is not JSON",
    "payload is not of the packet's kind",
    "reserved event name",
    "attachment expected",
    "attachment not announced",
    "attachments too big",
    "attachment placeholder out of range",
};

// Doubles hold integers of 15 digits exactly, and peers keep ids in doubles.
constexpr std::size_t kAckDigitsMax = 15;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

std::string_view take_digits(std::string_view& text) {
  std::size_t end = 0;
  while (end < text.size() && is_digit(text[end])) ++end;
  const std::string_view digits = text.substr(0, end);
  text.remove_prefix(end);
  return digits;
}

std::error_code take_attachment_count(std::string_view& text, Packet& packet,
                                      const PacketLimits& limits) {
  const std::string_view digits = take_digits(text);
  if (digits.empty() || digits.front() == '0' || digits.size() > 6 || !text.starts_with('-')) {
    return PacketError::bad_attachment_count;
  }
  text.remove_prefix(1);
  std::from_chars(digits.data(), digits.data() + digits.size(), packet.attachment_count);
  if (packet.attachment_count > limits.attachments_max) return PacketError::too_many_attachments;
  return {};
}

std::error_code take_namespace(std::string_view& text, Packet& packet, const PacketLimits& limits) {
  if (!text.starts_with('/')) return {};
  const std::size_t comma = text.find(',');
  packet.namespace_name = text.substr(0, comma);
  if (packet.namespace_name.size() > limits.namespace_bytes_max) {
    return PacketError::namespace_too_long;
  }
  text.remove_prefix(comma == std::string_view::npos ? text.size() : comma + 1);
  return {};
}

std::error_code take_ack_id(std::string_view& text, Packet& packet) {
  const std::string_view digits = take_digits(text);
  if (digits.size() > kAckDigitsMax) return PacketError::bad_ack_id;
  if (!digits.empty()) {
    std::uint64_t id = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), id);
    packet.id = id;
  }
  if (packet.is_ack() && !packet.id) return PacketError::bad_ack_id;
  return {};
}

std::error_code check_event(std::string_view array) {
  json::ArrayReader elements(array);
  const auto name = elements.next();
  if (!name) return PacketError::bad_payload;
  const json::Kind kind = json::kind_of(*name);
  if (kind == json::Kind::number) return {};
  if (kind != json::Kind::string) return PacketError::bad_payload;
  const auto text = json::unescape(*name);
  if (!text) return PacketError::bad_payload;
  return is_reserved_event(*text) ? make_error_code(PacketError::reserved_event)
                                  : std::error_code{};
}

/// What each type carries (spec: socket.io-parser's rules).
std::error_code check_payload(const Packet& packet) {
  if (packet.data.empty()) {
    const bool may_be_empty =
        packet.type == PacketType::connect || packet.type == PacketType::disconnect;
    return may_be_empty ? std::error_code{} : make_error_code(PacketError::bad_payload);
  }
  const json::Kind kind = json::kind_of(packet.data);
  switch (packet.type) {
    case PacketType::connect:
      if (kind == json::Kind::object) return {};
      break;
    case PacketType::disconnect:
      break;
    case PacketType::event:
    case PacketType::binary_event:
      if (kind == json::Kind::array) return check_event(packet.data);
      break;
    case PacketType::ack:
    case PacketType::binary_ack:
      if (kind == json::Kind::array) return {};
      break;
    case PacketType::connect_error:
      if (kind == json::Kind::object || kind == json::Kind::string) return {};
      break;
  }
  return PacketError::bad_payload;
}

void append_namespace(std::string& out, std::string_view name) {
  if (name == "/") return;
  out += name;
  out += ',';
}

}  // namespace

std::error_code make_error_code(PacketError error) {
  static const TableCategory category("socketio", kPacketErrors);
  return {static_cast<int>(error), category};
}

Result<Packet> decode_packet(std::string_view text, const PacketLimits& limits) {
  if (text.empty()) return fail(PacketError::empty_packet);
  if (text.front() < '0' || text.front() > '6') return fail(PacketError::unknown_type);
  Packet packet;
  packet.type = static_cast<PacketType>(text.front() - '0');
  text.remove_prefix(1);
  if (packet.type >= PacketType::binary_event) {
    if (const auto error = take_attachment_count(text, packet, limits)) return fail(error);
  }
  if (const auto error = take_namespace(text, packet, limits)) return fail(error);
  if (const auto error = take_ack_id(text, packet)) return fail(error);
  if (!text.empty()) {
    const auto end = json::scan_value(text, 0, limits.json_depth_max);
    if (!end || *end != text.size()) return fail(PacketError::bad_json);
    packet.data = text;
  }
  if (const auto error = check_payload(packet)) return fail(error);
  return packet;
}

std::string event_name(const Packet& event) {
  const auto name = json::ArrayReader(event.data).next();
  if (!name) return {};
  if (json::kind_of(*name) != json::Kind::string) return std::string(*name);
  return json::unescape(*name).value_or(std::string());
}

std::string_view first_argument(const Packet& event) {
  json::ArrayReader elements(event.data);
  (void)elements.next();  // the name
  return elements.next().value_or(std::string_view());
}

std::string_view event_arguments(const Packet& event) {
  const std::string_view first = first_argument(event);
  if (first.empty()) return {};
  const auto* end = event.data.data() + event.data.find_last_of(']');
  return {first.data(), static_cast<std::size_t>(end - first.data())};
}

bool is_reserved_event(std::string_view name) {
  constexpr std::array<std::string_view, 6> kReserved = {
      "connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"};
  for (const std::string_view reserved : kReserved) {
    if (name == reserved) return true;
  }
  return false;
}

void append_connect(std::string& out, std::string_view namespace_name, std::string_view sid,
                    std::string_view pid) {
  out += '0';
  append_namespace(out, namespace_name);
  out.append(R"({"sid":")").append(sid);
  if (!pid.empty()) out.append(R"(","pid":")").append(pid);
  out.append(R"("})");
}

void append_connect_error(std::string& out, std::string_view namespace_name,
                          std::string_view message, std::string_view data) {
  out += '4';
  append_namespace(out, namespace_name);
  out += R"({"message":)";
  json::append_quoted(out, message);
  if (!data.empty()) {
    out += R"(,"data":)";
    out += data;
  }
  out += '}';
}

void append_disconnect(std::string& out, std::string_view namespace_name) {
  out += '1';
  append_namespace(out, namespace_name);
}

void append_event(std::string& out, const EventText& event) {
  if (event.attachment_count > 0) {
    fmt::format_to(std::back_inserter(out), "5{}-", event.attachment_count);
  } else {
    out += '2';
  }
  append_namespace(out, event.namespace_name);
  if (event.ack_id) fmt::format_to(std::back_inserter(out), "{}", *event.ack_id);
  out += '[';
  json::append_quoted(out, event.event);
  if (!event.arguments.empty()) {
    out += ',';
    out += event.arguments;
  }
  out += ']';
}

void append_ack(std::string& out, const AckText& ack) {
  if (ack.attachment_count > 0) {
    fmt::format_to(std::back_inserter(out), "6{}-", ack.attachment_count);
  } else {
    out += '3';
  }
  append_namespace(out, ack.namespace_name);
  fmt::format_to(std::back_inserter(out), "{}", ack.id);
  out += '[';
  out += ack.arguments;
  out += ']';
}

}  // namespace outcry::socketio
