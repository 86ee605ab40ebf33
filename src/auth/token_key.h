// auth/token_key.h — a key that verifies tokens, of exactly one algorithm, as a plain value.
//
//   secret      ─▶ its bytes                                   HS…
//   PEM file    ─┐
//   JWK         ─┴▶ SubjectPublicKeyInfo (RFC 5280 §4.1), DER   all others
//
// Whatever form a key comes in, it is checked once, on its way to this one: that it is of the kind
// that its algorithm takes, that its point lies on its curve, and that it can't be guessed. Two
// keys are the same key if they are equal.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>

#include "auth/algorithm.h"
#include "base/result.h"

namespace outcry::auth {

/// `id` is matched with a token's `kid`; a key without id serves any token.
struct Key {
  std::string id;
  Algorithm algorithm = Algorithm::hs256;
  std::string material;  // see above; never empty

  bool operator==(const Key&) const = default;
};

/// Why a key can't be used. Messages follow the name of the key: "is of another kind …".
enum class KeyError : std::uint8_t {
  none,
  unreadable,          // no PEM, no JWK, or a member missing or malformed
  private_key,         // who may verify must not be able to sign
  unknown_algorithm,   // `alg` is none of Algorithm
  other_kind,          // an RSA key for ES256, a P-384 key for ES256, …
  rsa_too_short,       // RFC 7518 §3.3: at least 2048 bits
  rsa_too_long,        // above 8192 bits a signature costs too much to check
  rsa_exponent,        // even, or 1: anyone could sign
  not_on_curve,        // RFC 7518 §6.2.1: x and y must be a point
  secret_not_allowed,  // a secret in a set that is published
  weak_secret,         // see secret_strength.h
  other_use,           // `use` or `key_ops` say that it isn't for signatures
  unknown_kind,        // `kty` or `crv` is none that signs tokens
};

[[nodiscard]] std::error_code make_error_code(KeyError error) noexcept;

inline constexpr unsigned kRsaBitsMin = 2048;
inline constexpr unsigned kRsaBitsMax = 8192;

/// Of a public key ("BEGIN PUBLIC KEY") or a certificate ("BEGIN CERTIFICATE"), whose key counts
/// and nothing else of it. `algorithm` isn't one of HMAC: a public key is no secret.
/// Errors: unreadable, private_key, other_kind, rsa_…, not_on_curve.
[[nodiscard]] Result<Key> key_of_pem(std::string id, Algorithm algorithm, std::string_view pem);

/// Of RSA's modulus and exponent, big-endian. Errors: as above.
[[nodiscard]] Result<Key> key_of_rsa(std::string id, Algorithm algorithm, std::string_view modulus,
                                     std::string_view exponent);
/// Of a point's coordinates, each as long as its curve's field. Errors: as above.
[[nodiscard]] Result<Key> key_of_point(std::string id, Algorithm algorithm, std::string_view x,
                                       std::string_view y);
/// Of an Ed25519 public key's 32 bytes. Errors: as above.
[[nodiscard]] Result<Key> key_of_ed25519(std::string id, std::string_view bytes);

}  // namespace outcry::auth

template <>
struct std::is_error_code_enum<outcry::auth::KeyError> : std::true_type {};
