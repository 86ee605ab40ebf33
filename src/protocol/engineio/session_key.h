// protocol/engineio/session_key.h — the `sid` of an engine session: a bearer secret that says where
// the session is.
//
//   28 characters of URL-safe base64 = 21 bytes:  node | worker | slot (3) | 16 random bytes
//
// Node and worker let any worker hand a request over to the one that holds the session, and the
// slot lets that one find it, without a table. They say little that a client could not find out by
// connecting often; the 128 random bits alone are the secret.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/ids.h"

namespace outcry::engineio {

struct SessionHome {
  std::uint8_t node = 0;
  WorkerId worker = 0;
};

/// Slots of one worker that a key can name.
inline constexpr std::uint32_t kSlotsMax = 1u << 24;

struct SessionPlace {
  SessionHome home;
  std::uint32_t slot = 0;  // below kSlotsMax
};

inline constexpr std::size_t kSessionKeyLength = 28;

class SessionKey {
 public:
  /// A fresh key for a session at this place.
  [[nodiscard]] static SessionKey make(const SessionPlace& place);

  [[nodiscard]] std::string text() const;
  /// Takes the same time wherever they differ.
  [[nodiscard]] bool is(std::string_view text) const;

 private:
  std::array<std::byte, kSessionKeyLength / 4 * 3> bytes_{};  // kept short: every session has one
};

/// Where a session of this key lives, or nullopt if the text can't be a key of ours.
[[nodiscard]] std::optional<SessionPlace> place_of(std::string_view key);

}  // namespace outcry::engineio
