// gateway/revocation_keys.h — revoked tokens as another program keeps them in Redis.
//
//   SET blacklist:0c9d8e7f 1 EX 900             the token with this jti
//   SET blacklist:user:u7 1700000000 EX 3600    the user's tokens issued before that
//
// Thread: the control thread. Owner: Gateway.
#pragma once

#include <memory>
#include <optional>

#include "bus/redis_key_scan.h"
#include "config/config.h"
#include "gateway/operations.h"

namespace outcry::gateway {

/// What a key says; nullopt: nothing that could be a token's. `no_end`: for how long at least a key
/// without an end holds; it is seen again before then.
[[nodiscard]] std::optional<TokenRevocation> revocation_of_key(const bus::ScannedKey& key,
                                                               WallTime now, seconds no_end);

class RevocationKeys {
 public:
  using OnRevocation = std::function<void(const TokenRevocation&)>;

  /// `config` names a Redis and a prefix; the URL has been checked.
  RevocationKeys(boost::asio::io_context& io, const config::Config& config,
                 OnRevocation on_revocation);

  void start() { scan_.start(); }
  void stop() { scan_.stop(); }
  /// `settled`: what was found has gone to the workers.
  void append_checks(Readiness& readiness, bool settled) const;
  [[nodiscard]] const bus::RedisKeyScanStats& stats() const noexcept { return scan_.stats(); }

 private:
  bus::RedisKeyScan scan_;
};

}  // namespace outcry::gateway
