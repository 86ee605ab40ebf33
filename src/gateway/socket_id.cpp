#include "gateway/socket_id.h"

#include <algorithm>
#include <span>

#include "base/assert.h"
#include "base/base64.h"
#include "base/random.h"

namespace outcry::gateway {
namespace {

constexpr std::size_t kSlotBytes = 3;
constexpr std::size_t kIdBytes = 15;

}  // namespace

SocketId SocketId::make(std::uint32_t slot) {
  OUTCRY_ASSERT(slot >> 24 == 0);
  std::array<std::byte, kIdBytes> raw;
  raw[0] = std::byte(slot >> 16);
  raw[1] = std::byte(slot >> 8 & 0xFF);
  raw[2] = std::byte(slot & 0xFF);
  random_bytes(std::span(raw).subspan(kSlotBytes));
  SocketId id;
  const std::string text = base64url_encode(raw);
  OUTCRY_ASSERT(text.size() == id.text_.size());
  std::ranges::copy(text, id.text_.begin());
  return id;
}

SocketId SocketId::of(std::string_view text) {
  SocketId id;
  OUTCRY_ASSERT(text.size() == id.text_.size());
  std::ranges::copy(text, id.text_.begin());
  return id;
}

std::optional<std::uint32_t> SocketId::slot_of(std::string_view text) {
  if (text.size() != kSocketIdLength) return std::nullopt;
  const auto raw = base64url_decode(text);
  if (!raw) return std::nullopt;
  const auto byte = [&raw](std::size_t i) {
    return std::uint32_t{static_cast<unsigned char>((*raw)[i])};
  };
  return byte(0) << 16 | byte(1) << 8 | byte(2);
}

}  // namespace outcry::gateway
