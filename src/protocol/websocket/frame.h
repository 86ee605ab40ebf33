// protocol/websocket/frame.h — one frame on the wire (RFC 6455 §5.2).
//
//   FIN RSV1-3 opcode | MASK length-7 | length-16 or -64 | masking key | payload
//
// Client frames are masked and come in; server frames are not and go out, which is why one frame's
// bytes can be sent to every member of a room.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "protocol/websocket/error.h"

namespace outcry::websocket {

enum class Opcode : std::uint8_t {
  continuation = 0x0,
  text = 0x1,
  binary = 0x2,
  close = 0x8,
  ping = 0x9,
  pong = 0xA,
};

[[nodiscard]] constexpr bool is_control(Opcode opcode) noexcept {
  return static_cast<std::uint8_t>(opcode) >= 0x8;
}

using MaskingKey = std::array<std::byte, 4>;

/// Longest header of a client's frame and of a server's, bytes.
inline constexpr std::size_t kClientHeaderBytesMax = 14;
inline constexpr std::size_t kServerHeaderBytesMax = 10;
/// Longest payload of a control frame, and longest reason in a close frame, bytes.
inline constexpr std::size_t kControlPayloadBytesMax = 125;
inline constexpr std::size_t kCloseReasonBytesMax = 123;

struct FrameHeader {
  std::uint64_t payload_bytes = 0;
  MaskingKey mask{};
  Opcode opcode = Opcode::continuation;
  bool final = false;
  bool compressed = false;        // RSV1, on the first frame of a deflated message
  std::uint8_t header_bytes = 0;  // of this header on the wire
};

struct FrameLimits {
  std::uint64_t message_bytes_max = 1'000'000;
  bool deflate = false;  // permessage-deflate was agreed: RSV1 is allowed on text and binary
};

/// Decodes one client's frame header from the front of `in`; keeps no reference to it.
/// Returns nullopt while fewer bytes are present than the header needs (6 to 14), but refuses
/// as soon as the bytes that are wrong are there.
/// Errors: reserved_bits, reserved_opcode, length_not_minimal, length_top_bit (§5.2),
///         fragmented_control, control_too_long (§5.5), unmasked_frame (§5.1),
///         message_too_big if the payload exceeds `limits.message_bytes_max`.
[[nodiscard]] Result<std::optional<FrameHeader>> decode_frame_header(Bytes in,
                                                                     const FrameLimits& limits);

/// Masks or unmasks `payload` in place (§5.3: the same operation). `phase` is the position of its
/// first byte in the frame's payload, for a payload that comes in pieces.
void apply_mask(std::span<std::byte> payload, MaskingKey mask, std::uint64_t phase) noexcept;

/// Bytes of the server's header before a payload of this size: 2, 4 or 10.
[[nodiscard]] constexpr std::size_t frame_header_size(std::uint64_t payload_bytes) noexcept {
  return payload_bytes < 126 ? 2 : payload_bytes <= 0xFFFF ? 4 : 10;
}

/// Writes the header of a server's unfragmented frame; returns its size. `compressed` sets RSV1.
std::size_t encode_frame_header(std::span<std::byte, kServerHeaderBytesMax> out, Opcode opcode,
                                std::uint64_t payload_bytes, bool compressed = false) noexcept;

/// Appends a server's unfragmented frame. A control payload must be at most 125 bytes (asserted).
void append_frame(std::string& out, Opcode opcode, std::string_view payload,
                  bool compressed = false);

/// Appends a close frame. Code 1005 ("none given") gives an empty payload; otherwise the code must
/// be one that may be sent (asserted). A reason beyond 123 bytes is cut between characters.
void append_close(std::string& out, std::uint16_t code, std::string_view reason = {});

/// Whether a peer may send this close code (§7.4 and IANA's registry): 1000 to 1003, 1007 to 1014,
/// 3000 to 4999.
[[nodiscard]] bool is_sendable_close_code(std::uint16_t code) noexcept;

}  // namespace outcry::websocket
