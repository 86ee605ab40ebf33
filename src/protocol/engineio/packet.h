// protocol/engineio/packet.h — Engine.IO protocol revision 4: packets, and the payloads of polling.
//
//   packet   = type digit + text           "4hello"      one WebSocket text message
//            | bytes                        (binary)      one WebSocket binary message, always a
//            message
//   payload  = packet *( 0x1e packet )      "2\x1e4hi\x1ebAQID"    one polling body
//              where a binary packet is 'b' + base64 (RFC 4648 §4), without a type digit
//
// Pure: views into the caller's bytes; nothing is kept.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>

#include "base/bytes.h"
#include "base/result.h"

namespace outcry::engineio {

enum class PacketType : std::uint8_t { open, close, ping, pong, message, upgrade, noop };

enum class PacketError : std::uint8_t {
  none,
  empty_packet,
  unknown_type,
  bad_base64,
  invalid_utf8,
};
std::error_code make_error_code(PacketError error);

/// A decoded packet. `text` is the body after the type digit; `is_binary` packets are messages
/// whose bytes are in `text` too.
struct Packet {
  PacketType type = PacketType::message;
  bool is_binary = false;
  std::string_view text;
};

inline constexpr char kSeparator = '\x1e';

/// Packets without content, as they are sent.
inline constexpr std::string_view kClosePacket = "1";
inline constexpr std::string_view kNoopPacket = "6";

/// Decodes one text packet. A packet that starts with 'b' is base64 (also allowed on WebSocket,
/// where a client with `b64=1` sends it): its bytes are put into `scratch`, which must outlive the
/// packet. Errors: empty_packet, unknown_type, bad_base64.
[[nodiscard]] Result<Packet> decode_packet(std::string_view text, std::string& scratch);

/// Walks a polling payload packet by packet; UTF-8 of the whole is checked once at the start.
class PayloadReader {
 public:
  explicit PayloadReader(std::string_view payload);

  [[nodiscard]] bool done() const noexcept { return done_; }
  /// The next packet; its text is valid until the next call. An empty payload gives empty_packet.
  /// After an error the rest is not to be read.
  [[nodiscard]] Result<Packet> next();

 private:
  std::string_view rest_;
  std::string scratch_;
  bool done_ = false;
  bool is_utf8_;
};

/// What a client is told when its session opens (spec: the five keys, in this order).
struct Handshake {
  std::string_view sid;
  bool offers_websocket = false;
  std::int64_t ping_interval_ms = 25'000;
  std::int64_t ping_timeout_ms = 20'000;
  std::uint64_t max_payload_bytes = 1'000'000;
};
/// The open packet: `0{"sid":…,"upgrades":[…],"pingInterval":…,"pingTimeout":…,"maxPayload":…}`.
[[nodiscard]] std::string encode_open(const Handshake& handshake);

}  // namespace outcry::engineio

template <>
struct std::is_error_code_enum<outcry::engineio::PacketError> : std::true_type {};
