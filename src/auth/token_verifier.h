// auth/token_verifier.h — a signed token in, a user out.
//
//   header.payload.signature
//     │       │        └─ checked first, over the first two parts as they were sent
//     │       └────────── read only once the signature holds
//     └────────────────── may select a key (`kid`), never an algorithm
//
// The algorithm belongs to the key: a token's `alg` must equal it and decides nothing. This closes
// "alg: none" and the use of a public key as an HMAC secret.
//
// JWT (RFC 7519) in JWS compact form (RFC 7515). Pure: bytes and time in, claims out.
// Thread: verify() and mint() may be called from any thread at once.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "auth/auth_error.h"
#include "auth/token_key.h"
#include "base/clock.h"
#include "base/result.h"

namespace outcry::auth {

struct TokenPolicy {
  /// Of these claims the first that is present names the user.
  std::vector<std::string> identity_claims{"user_id", "sub"};
  /// Longest time since `iat`; zero: not limited. A token without `iat` may then end at most this
  /// far ahead, so leaving `iat` out does not make a token live longer.
  std::chrono::seconds age_max{3600};
  /// How far the issuer's clock and ours may be apart.
  std::chrono::seconds leeway{30};
  std::size_t token_bytes_max = 8192;
  std::string issuer;       // required `iss`; empty: any
  std::string audience;     // required in `aud`; empty: any
  std::string rooms_claim;  // lists the rooms that the token lets its user into; empty: none does
  /// Claims that a token must have; with a text, exactly that one.
  struct RequiredClaim {
    std::string name;
    std::optional<std::string> text;
  };
  std::vector<RequiredClaim> required_claims{};
};

/// What a verified token says. All strings are UTF-8 without control characters, at most 256 bytes.
struct Claims {
  std::string user;            // never empty
  std::string identity_claim;  // the claim that named the user: "user_id", "sub", …
  std::string session_id;      // empty if absent, as are jti and type
  std::string jti;
  std::string type;
  WallTime expires;  // `exp`, without leeway: the socket ends then
  std::optional<WallTime> issued_at;
  std::vector<std::string> permissions;
  std::vector<std::string> rooms;  // as lists_room() reads them
};

class TokenVerifier {
 public:
  /// At least one key, each with material. Throws std::invalid_argument otherwise (start-up).
  TokenVerifier(std::vector<Key> keys, TokenPolicy policy);
  ~TokenVerifier();
  TokenVerifier(TokenVerifier&&) noexcept;
  TokenVerifier& operator=(TokenVerifier&&) noexcept;

  /// Errors: AuthError, one value a cause. `jwt` is the bare token, without "Bearer ".
  [[nodiscard]] Result<Claims> verify(std::string_view jwt, WallTime now) const;

  /// From when on verify() would refuse the token of these claims, which it has accepted before:
  /// its end or its greatest age, with leeway.
  [[nodiscard]] WallTime valid_until(const Claims& claims) const noexcept;
  [[nodiscard]] std::size_t token_bytes_max() const noexcept { return policy_.token_bytes_max; }

 private:
  struct KeyState;

  [[nodiscard]] Result<std::string_view> signed_payload(std::string_view jwt) const;
  [[nodiscard]] std::error_code check_signature(std::string_view header, std::string_view input,
                                                std::string_view signature) const;

  TokenPolicy policy_;
  std::vector<std::unique_ptr<KeyState>> keys_;
};

/// What mint() writes; empty strings and lists are left out.
struct TokenRequest {
  std::string user;
  std::string identity_claim = "user_id";
  WallTime issued_at{};
  std::chrono::seconds lifetime{3600};
  std::string session_id;
  std::string jti;
  std::string type;
  std::string issuer;
  std::string audience;
  std::vector<std::string> permissions;
};

/// Signs `payload` as it is, valid claims or not. `key` holds a secret (AlgorithmFamily::hmac), for
/// a public key can't sign.
[[nodiscard]] std::string sign_payload(const Key& key, std::string_view payload);

/// Signs a token: for development, the command line and tests. Throws std::invalid_argument if a
/// text isn't UTF-8.
[[nodiscard]] std::string mint(const Key& key, const TokenRequest& request);

}  // namespace outcry::auth
