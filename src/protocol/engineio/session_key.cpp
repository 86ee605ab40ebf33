#include "protocol/engineio/session_key.h"

#include <algorithm>

#include "base/assert.h"
#include "base/base64.h"
#include "base/random.h"

namespace outcry::engineio {
namespace {

constexpr std::size_t kPlaceBytes = 5;

}  // namespace

SessionKey SessionKey::make(const SessionPlace& place) {
  OUTCRY_ASSERT(place.slot < kSlotsMax);
  SessionKey key;
  auto& raw = key.bytes_;
  raw[0] = std::byte{place.home.node};
  raw[1] = std::byte{place.home.worker};
  raw[2] = std::byte(place.slot >> 16);
  raw[3] = std::byte(place.slot >> 8 & 0xFF);
  raw[4] = std::byte(place.slot & 0xFF);
  random_bytes(std::span(raw).subspan(kPlaceBytes));
  return key;
}

std::string SessionKey::text() const {
  return base64url_encode(bytes_);
}

bool SessionKey::is(std::string_view text) const {
  if (text.size() != kSessionKeyLength) return false;
  const auto other = base64url_decode(text);
  if (!other) return false;
  OUTCRY_ASSERT(other->size() == bytes_.size());
  unsigned differs = 0;
  for (std::size_t i = 0; i < bytes_.size(); ++i) {
    differs |= std::to_integer<unsigned>(bytes_[i] ^ std::byte((*other)[i]));
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
