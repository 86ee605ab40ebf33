// protocol/engineio/session_key.h — the `sid` of an engine session: a bearer secret that names its
// home.
//
//   24 characters of URL-safe base64 = 18 bytes:  node | worker | 16 random bytes (128 bits)
//
// The first two bytes let any worker hand a request over to the one that holds the session,
// without a table that all of them share. They say nothing that a client could not find out by
// connecting twice; the 128 bits alone are the secret.
#pragma once

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

inline constexpr std::size_t kSessionKeyLength = 24;

/// A fresh key for a session that lives at `home`.
[[nodiscard]] std::string make_session_key(SessionHome home);

/// Where a session of this key lives, or nullopt if the text can't be a key of ours.
[[nodiscard]] std::optional<SessionHome> home_of(std::string_view key);

}  // namespace outcry::engineio
