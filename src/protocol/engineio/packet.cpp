#include "protocol/engineio/packet.h"

#include <array>

#include <fmt/compile.h>
#include <fmt/format.h>
#include <simdjson.h>

#include "base/base64.h"
#include "base/error_enum.h"

namespace outcry::engineio {
namespace {

constexpr std::array<std::string_view, 5> kPacketErrors = {
    "no error", "empty packet", "unknown packet type", "binary packet is not base64",
    "payload is not UTF-8"};

}  // namespace

std::error_code make_error_code(PacketError error) {
  static const TableCategory category("engineio", kPacketErrors);
  return {static_cast<int>(error), category};
}

Result<Packet> decode_packet(std::string_view text, std::string& scratch) {
  if (text.empty()) return fail(PacketError::empty_packet);
  const char type = text.front();
  text.remove_prefix(1);
  if (type == 'b') {
    auto bytes = base64_decode(text);
    if (!bytes) return fail(PacketError::bad_base64);
    scratch = std::move(*bytes);
    return Packet{PacketType::message, true, scratch};
  }
  if (type < '0' || type > '6') return fail(PacketError::unknown_type);
  return Packet{static_cast<PacketType>(type - '0'), false, text};
}

PayloadReader::PayloadReader(std::string_view payload)
    : rest_(payload), is_utf8_(simdjson::validate_utf8(payload.data(), payload.size())) {}

Result<Packet> PayloadReader::next() {
  if (!is_utf8_) return fail(PacketError::invalid_utf8);
  const std::size_t end = rest_.find(kSeparator);
  const std::string_view packet = rest_.substr(0, end);
  if (end == std::string_view::npos) {
    done_ = true;
  } else {
    rest_.remove_prefix(end + 1);
  }
  return decode_packet(packet, scratch_);
}

std::string encode_open(const Handshake& handshake) {
  // For each connection: the pattern is taken apart by the compiler, not at every call.
  return fmt::format(
      FMT_COMPILE(
          R"(0{{"sid":"{}","upgrades":[{}],"pingInterval":{},"pingTimeout":{},"maxPayload":{}}})"),
      handshake.sid, handshake.offers_websocket ? R"("websocket")" : "", handshake.ping_interval_ms,
      handshake.ping_timeout_ms, handshake.max_payload_bytes);
}

}  // namespace outcry::engineio
