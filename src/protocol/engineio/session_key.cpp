#include "protocol/engineio/session_key.h"

#include <algorithm>

#include "base/assert.h"
#include "base/base64.h"
#include "base/random.h"

namespace outcry::engineio {
namespace {

constexpr std::size_t kPlaceBytes = 5;
constexpr std::size_t kSecretBytes = 16;

}  // namespace

SessionKey SessionKey::make(const SessionPlace& place) {
  OUTCRY_ASSERT(place.slot < kSlotsMax);
  std::array<std::byte, kPlaceBytes + kSecretBytes> raw;
  raw[0] = std::byte{place.home.node};
  raw[1] = std::byte{place.home.worker};
  raw[2] = std::byte(place.slot >> 16);
  raw[3] = std::byte(place.slot >> 8 & 0xFF);
  raw[4] = std::byte(place.slot & 0xFF);
  random_bytes(std::span(raw).subspan(kPlaceBytes));
  SessionKey key;
  const std::string text = base64url_encode(raw);
  OUTCRY_ASSERT(text.size() == key.text_.size());
  std::ranges::copy(text, key.text_.begin());
  return key;
}

bool SessionKey::is(std::string_view text) const noexcept {
  if (text.size() != text_.size()) return false;
  unsigned differs = 0;
  for (std::size_t i = 0; i < text_.size(); ++i) {
    differs |= static_cast<unsigned char>(text[i] ^ text_[i]);
  }
  return differs == 0;
}

std::optional<SessionPlace> place_of(std::string_view key) {
  if (key.size() != kSessionKeyLength) return std::nullopt;
  const auto raw = base64url_decode(key);
  if (!raw) return std::nullopt;
  const auto byte = [&raw](std::size_t i) { return static_cast<std::uint8_t>((*raw)[i]); };
  return SessionPlace{.home = {.node = byte(0), .worker = byte(1)},
                      .slot = std::uint32_t{byte(2)} << 16 | std::uint32_t{byte(3)} << 8 | byte(4)};
}

}  // namespace outcry::engineio
