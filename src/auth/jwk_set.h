// auth/jwk_set.h — a JSON Web Key Set (RFC 7517 §5) to keys.
//
//   {"keys":[{"kty":"EC","crv":"P-256","kid":"2026-a","x":"…","y":"…"}, …]}
//
// A key has one algorithm: `alg` says it; without, the curve does (P-256 is ES256, Ed25519 EdDSA),
// and an RSA key is for RS256, as OpenID Connect has it. What a set holds besides keys for
// signatures is left out, as §5 wants it.
//
// Pure: text in, keys out.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "auth/token_key.h"

namespace outcry::auth {

inline constexpr std::size_t kJwkSetKeysMax = 64;

struct JwkSet {
  struct Refused {
    std::string id;  // `kid`, as far as it could be read
    std::error_code error;
  };
  std::vector<Key> keys;
  std::vector<Refused> refused;  // meant for signatures, and not usable
  std::size_t others = 0;        // of another use or kind, left out
};

struct JwkSetRules {
  bool secrets = false;  // `oct` keys are taken: the set is a file that nobody else can read
};

/// Error: unreadable if it isn't a set, or one of more than kJwkSetKeysMax keys. A key that can't
/// be used is told in `refused` and costs the others nothing.
[[nodiscard]] Result<JwkSet> parse_jwk_set(std::string_view text, JwkSetRules rules = {});

}  // namespace outcry::auth
