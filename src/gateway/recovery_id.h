// gateway/recovery_id.h — the `pid` of a socket: the secret with which its client may come back.
//
//   43 characters of URL-safe base64 = 32 bytes:  worker (1) | socket's id (15) | HMAC of both (16)
//
// It says which socket is meant, and the HMAC says that we gave it out: nothing is stored for a
// socket that lives, and who knows a socket's id, which isn't a secret, can't make it. It is a
// bearer's secret all the same: never logged, and used once.
// Immutable. Thread: any.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/ids.h"

namespace outcry::gateway {

inline constexpr std::size_t kRecoveryIdLength = 43;

class RecoveryIds {
 public:
  using Key = std::array<std::byte, 32>;

  /// Random bytes. One that is kept outlives the process, and with it what it made.
  [[nodiscard]] static Key make_key();

  explicit RecoveryIds(const Key& key) : key_(key) {}

  [[nodiscard]] std::string make(WorkerId worker, std::string_view sid) const;

  /// Whom a client names that comes back.
  struct Named {
    WorkerId worker = 0;  // where the socket was; other runs may have had other workers
    std::string sid;
  };
  /// nullopt unless make() made it, with this key. In constant time where it matters.
  [[nodiscard]] std::optional<Named> read(std::string_view pid) const;

 private:
  const Key key_;
};

}  // namespace outcry::gateway
