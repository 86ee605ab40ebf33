#include "load/frame.h"

#include <array>
#include <cstddef>

#include "base/assert.h"

namespace outcry::bench {
namespace {

constexpr std::uint64_t kPayloadBytesMax = std::uint64_t{1} << 20;
constexpr std::size_t kShortLengthMax = 125;
constexpr unsigned kLength16 = 126;
constexpr unsigned kLength64 = 127;

std::uint64_t big_endian(std::string_view bytes) noexcept {
  std::uint64_t value = 0;
  for (const char byte : bytes) value = value << 8 | static_cast<std::uint8_t>(byte);
  return value;
}

}  // namespace

FrameStatus take_frame(std::string_view& in, Frame& out) noexcept {
  if (in.size() < 2) return FrameStatus::incomplete;
  const auto first = static_cast<std::uint8_t>(in[0]);
  const auto second = static_cast<std::uint8_t>(in[1]);
  const bool whole = (first & 0xB0U) == 0x80U;  // FIN, neither RSV2 nor RSV3
  const bool compressed = (first & 0x40U) != 0;
  const bool masked = (second & 0x80U) != 0;
  const auto opcode = static_cast<std::uint8_t>(first & 0x0FU);
  const bool is_control = opcode >= kOpClose;
  if (!whole || masked || opcode == 0 || (compressed && is_control)) return FrameStatus::malformed;

  std::uint64_t length = second & 0x7FU;
  std::size_t header = 2;
  if (length >= kLength16) {
    header += length == kLength64 ? 8U : 2U;
    if (in.size() < header) return FrameStatus::incomplete;
    length = big_endian(in.substr(2, header - 2));
  }
  if (length > kPayloadBytesMax) return FrameStatus::malformed;
  if (in.size() - header < length) return FrameStatus::incomplete;
  out = {opcode, in.substr(header, static_cast<std::size_t>(length)), compressed};
  in.remove_prefix(header + static_cast<std::size_t>(length));
  return FrameStatus::complete;
}

void append_client_frame(std::string& out, std::uint8_t opcode, std::string_view payload,
                         std::uint32_t mask_key) {
  OUTCRY_ASSERT(payload.size() <= 0xFFFFU);
  out.push_back(static_cast<char>(0x80U | opcode));
  if (payload.size() <= kShortLengthMax) {
    out.push_back(static_cast<char>(0x80U | payload.size()));
  } else {
    out.push_back(static_cast<char>(0x80U | kLength16));
    out.push_back(static_cast<char>(payload.size() >> 8));
    out.push_back(static_cast<char>(payload.size() & 0xFFU));
  }
  std::array<char, 4> mask{};
  for (std::size_t i = 0; i < mask.size(); ++i)
    mask[i] = static_cast<char>(mask_key >> (24 - 8 * i));
  out.append(mask.data(), mask.size());
  for (std::size_t i = 0; i < payload.size(); ++i)
    out.push_back(static_cast<char>(payload[i] ^ mask[i % 4]));
}

}  // namespace outcry::bench
