#include "protocol/websocket/frame.h"

#include <bit>
#include <cstring>

#include "base/assert.h"

namespace outcry::websocket {
namespace {

constexpr unsigned kFinal = 0x80;
constexpr unsigned kRsv1 = 0x40;
constexpr unsigned kRsv2And3 = 0x30;
constexpr unsigned kMasked = 0x80;
constexpr unsigned kLength16 = 126;  // the next 2 bytes hold the length
constexpr unsigned kLength64 = 127;  // the next 8

bool is_known(unsigned opcode) {
  return opcode <= 0x2 || (opcode >= 0x8 && opcode <= 0xA);
}

std::uint64_t big_endian(Bytes bytes) {
  std::uint64_t value = 0;
  for (const std::byte byte : bytes) value = value << 8 | std::to_integer<std::uint64_t>(byte);
  return value;
}

void write_big_endian(std::span<std::byte> out, std::uint64_t value) {
  for (std::size_t i = out.size(); i > 0; --i, value >>= 8) out[i - 1] = std::byte(value & 0xFF);
}

/// The first byte: what the frame is.
Result<FrameHeader> decode_kind(unsigned byte, bool deflate) {
  const unsigned opcode = byte & 0x0F;
  if ((byte & kRsv2And3) != 0) return fail(WebSocketError::reserved_bits);
  if (!is_known(opcode)) return fail(WebSocketError::reserved_opcode);
  FrameHeader header;
  header.opcode = static_cast<Opcode>(opcode);
  header.final = (byte & kFinal) != 0;
  header.compressed = (byte & kRsv1) != 0;
  const bool starts_message = header.opcode == Opcode::text || header.opcode == Opcode::binary;
  if (header.compressed && !(deflate && starts_message)) return fail(WebSocketError::reserved_bits);
  if (is_control(header.opcode) && !header.final) return fail(WebSocketError::fragmented_control);
  return header;
}

}  // namespace

Result<std::optional<FrameHeader>> decode_frame_header(Bytes in, const FrameLimits& limits) {
  if (in.empty()) return std::nullopt;
  Result<FrameHeader> header = decode_kind(std::to_integer<unsigned>(in[0]), limits.deflate);
  if (!header) return fail(header.error());
  if (in.size() < 2) return std::nullopt;

  const unsigned second = std::to_integer<unsigned>(in[1]);
  const unsigned short_length = second & ~kMasked;
  if ((second & kMasked) == 0) return fail(WebSocketError::unmasked_frame);
  if (is_control(header->opcode) && short_length > kControlPayloadBytesMax) {
    return fail(WebSocketError::control_too_long);
  }

  const std::size_t length_bytes = short_length == kLength16   ? 2
                                   : short_length == kLength64 ? 8
                                                               : 0;
  if (in.size() < 2 + length_bytes) return std::nullopt;
  header->payload_bytes =
      length_bytes == 0 ? short_length : big_endian(in.subspan(2, length_bytes));
  if (header->payload_bytes >> 63 != 0) return fail(WebSocketError::length_top_bit);
  if ((length_bytes == 2 && header->payload_bytes < 126) ||
      (length_bytes == 8 && header->payload_bytes <= 0xFFFF)) {
    return fail(WebSocketError::length_not_minimal);
  }
  // A control frame has a limit of its own: ping and close work whatever a message may be.
  if (!is_control(header->opcode) && header->payload_bytes > limits.message_bytes_max) {
    return fail(WebSocketError::message_too_big);
  }

  const std::size_t mask_at = 2 + length_bytes;
  if (in.size() < mask_at + header->mask.size()) return std::nullopt;
  std::memcpy(header->mask.data(), in.data() + mask_at, header->mask.size());
  header->header_bytes = static_cast<std::uint8_t>(mask_at + header->mask.size());
  return *header;
}

void apply_mask(std::span<std::byte> payload, MaskingKey mask, std::uint64_t phase) noexcept {
  std::array<std::byte, 8> turned;  // the key as it falls on the payload's first eight bytes
  for (std::size_t i = 0; i < turned.size(); ++i) turned[i] = mask[(phase + i) % 4];
  const auto key = std::bit_cast<std::uint64_t>(turned);
  std::byte* at = payload.data();
  std::size_t left = payload.size();
  const auto mask_word = [key](std::byte* word) {
    std::uint64_t value;
    std::memcpy(&value, word, sizeof value);
    value ^= key;
    std::memcpy(word, &value, sizeof value);
  };
  for (; left >= 32; left -= 32, at += 32) {  // four words a turn: compilers make vectors of it
    mask_word(at);
    mask_word(at + 8);
    mask_word(at + 16);
    mask_word(at + 24);
  }
  for (; left >= 8; left -= 8, at += 8) mask_word(at);
  for (std::size_t i = 0; i < left; ++i) at[i] ^= turned[i];
}

std::size_t encode_frame_header(std::span<std::byte, kServerHeaderBytesMax> out, Opcode opcode,
                                std::uint64_t payload_bytes, bool compressed) noexcept {
  const unsigned first = kFinal | (compressed ? kRsv1 : 0) | static_cast<unsigned>(opcode);
  const std::size_t size = frame_header_size(payload_bytes);
  out[0] = std::byte(first);
  out[1] = size == 2 ? std::byte(payload_bytes) : std::byte(size == 4 ? kLength16 : kLength64);
  write_big_endian(std::span<std::byte>(out).subspan(2, size - 2), payload_bytes);
  return size;
}

void append_frame(std::string& out, Opcode opcode, std::string_view payload, bool compressed) {
  OUTCRY_ASSERT(!is_control(opcode) || payload.size() <= kControlPayloadBytesMax);
  std::array<std::byte, kServerHeaderBytesMax> header;
  const std::size_t size = encode_frame_header(header, opcode, payload.size(), compressed);
  out.append(as_text(Bytes(header).first(size))).append(payload);
}

void append_close(std::string& out, std::uint16_t code, std::string_view reason) {
  constexpr std::uint16_t kNoCode = 1005;
  if (code == kNoCode) return append_frame(out, Opcode::close, {});
  OUTCRY_ASSERT(is_sendable_close_code(code));
  std::size_t size = reason.size();
  if (size > kCloseReasonBytesMax) {
    size = kCloseReasonBytesMax;
    while (size > 0 && (static_cast<unsigned char>(reason[size]) & 0xC0) == 0x80) --size;
  }
  std::string payload = {static_cast<char>(code >> 8), static_cast<char>(code & 0xFF)};
  append_frame(out, Opcode::close, payload.append(reason.substr(0, size)));
}

bool is_sendable_close_code(std::uint16_t code) noexcept {
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) ||
         (code >= 3000 && code <= 4999);
}

}  // namespace outcry::websocket
