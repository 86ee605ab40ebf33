// auth/token_cache.h — tokens that were verified lately, so that their next use costs one hash.
//
//   SHA-256(salt ‖ token), 16 bytes of it ─▶ a set of 8 places ─▶ claims, valid from … until …
//
// A token comes again when a connection joins a second namespace, when a browser opens a second
// tab, and when it reconnects to the same worker.
//
// The key decides who a client is: two tokens with the same key are one user. SHA-256 rather than a
// keyed SipHash-128: both would do, for who can't choose the salt can't prepare a collision, and
// needs 2^128 / entries attempts on line; but one is a library's, hashes a token in a quarter of a
// microsecond, and holds also if the salt should leak. The token itself, a bearer secret, isn't
// kept.
//
// Refusals are not remembered: a refused token may become good (`nbf`, a key that is rotated in),
// and a stream of made-up ones would drive the good ones out. They cost what they always cost.
// Within a set the entry that is used least recently makes room; only verified tokens get in, so
// nobody without many good tokens can drive others out.
//
// Memory: 56 bytes for each place at once, and about 350 for the claims of each entry in use. One
// cache for each worker, so there is no lock, and none shares another's entries.
// Thread: its owner's only.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "auth/token_verifier.h"
#include "base/clock.h"
#include "base/result.h"

namespace outcry::auth {

struct TokenCacheStats {
  std::uint64_t hits = 0;
  std::uint64_t misses = 0;   // looked up in vain; the token may have been refused then
  std::uint64_t evicted = 0;  // made room for another
  std::size_t entries = 0;
};

class TokenCache {
 public:
  using SharedClaims = std::shared_ptr<const Claims>;

  using SharedVerifier = std::shared_ptr<const TokenVerifier>;

  /// `entries_max` 0: nothing is kept, every token is verified.
  TokenCache(SharedVerifier verifier, std::size_t entries_max);
  ~TokenCache();
  TokenCache(const TokenCache&) = delete;
  TokenCache& operator=(const TokenCache&) = delete;

  /// What TokenVerifier::verify() says, perhaps from memory; its errors. Never null.
  [[nodiscard]] Result<SharedClaims> verify(std::string_view jwt, WallTime now);

  /// Verifies with other keys from now on. `forgets`: one of the keys before is withdrawn, and what
  /// it verified isn't remembered; where keys were only added, the tokens stay.
  void use(SharedVerifier verifier, bool forgets) noexcept;
  /// Forgets the tokens whose claims `is_revoked` picks; returns how many. Looks at every place:
  /// for what an administrator does, not for each request.
  std::size_t forget(const std::function<bool(const Claims&)>& is_revoked);
  /// Forgets all.
  void clear() noexcept;

  [[nodiscard]] const TokenCacheStats& stats() const noexcept { return stats_; }

 private:
  using TokenKey = std::array<std::uint64_t, 2>;
  struct Entry {
    TokenKey key{};
    SharedClaims claims;     // null: a free place
    WallTime verified_at{};  // from then until valid_until verify() would say the same
    WallTime valid_until{};
    std::uint64_t used = 0;  // the number of the look-up that used it last
  };
  class Hash;

  [[nodiscard]] Result<SharedClaims> verify_anew(std::string_view jwt, WallTime now) const;
  [[nodiscard]] SharedClaims find(const TokenKey& key, WallTime now);
  [[nodiscard]] std::span<Entry> set_of(const TokenKey& key) noexcept;
  void keep(const TokenKey& key, const SharedClaims& claims, WallTime now);
  void release(Entry& entry) noexcept;

  SharedVerifier verifier_;
  const std::unique_ptr<Hash> hash_;
  const std::size_t ways_;
  std::vector<Entry> entries_;  // sets of `ways_`, one after the other
  std::uint64_t lookups_ = 0;
  TokenCacheStats stats_;
};

}  // namespace outcry::auth
