#include "protocol/engineio/session_key.h"

#include <array>

#include "base/base64.h"
#include "base/random.h"

namespace outcry::engineio {

std::string make_session_key(SessionHome home) {
  std::array<std::byte, 18> raw;
  raw[0] = std::byte{home.node};
  raw[1] = std::byte{home.worker};
  random_bytes(std::span(raw).subspan(2));
  return base64url_encode(raw);
}

std::optional<SessionHome> home_of(std::string_view key) {
  if (key.size() != kSessionKeyLength) return std::nullopt;
  const auto raw = base64url_decode(key);
  if (!raw) return std::nullopt;
  return SessionHome{static_cast<std::uint8_t>((*raw)[0]), static_cast<WorkerId>((*raw)[1])};
}

}  // namespace outcry::engineio
