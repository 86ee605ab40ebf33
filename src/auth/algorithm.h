// auth/algorithm.h — the signatures that a token may have (RFC 7518 §3.1, RFC 8037 §3.1).
//
//   HS256 HS384 HS512   a secret that both sides have (HMAC)
//   RS… PS…             RSA, PKCS #1 v1.5 and PSS
//   ES256 ES384 ES512   ECDSA over P-256, P-384, P-521
//   EdDSA               Ed25519
//
// `none` isn't one of them, and can't be named.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace outcry::auth {

enum class Algorithm : std::uint8_t {
  hs256,
  hs384,
  hs512,
  rs256,
  rs384,
  rs512,
  ps256,
  ps384,
  ps512,
  es256,
  es384,
  es512,
  eddsa,
};
inline constexpr std::size_t kAlgorithmCount = 13;

enum class AlgorithmFamily : std::uint8_t { hmac, rsa, rsa_pss, ecdsa, ed25519 };

/// The name in a token's `alg` header.
[[nodiscard]] std::string_view name_of(Algorithm algorithm) noexcept;
/// Names are compared exactly; nullopt for any other, `none` among them.
[[nodiscard]] std::optional<Algorithm> algorithm_named(std::string_view name) noexcept;
[[nodiscard]] AlgorithmFamily family_of(Algorithm algorithm) noexcept;
/// Bytes of the hash that it signs: 32, 48 or 64; 0 for Ed25519, which hashes by itself.
[[nodiscard]] std::size_t hash_bytes(Algorithm algorithm) noexcept;

}  // namespace outcry::auth
