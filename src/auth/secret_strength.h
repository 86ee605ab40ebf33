// auth/secret_strength.h — refuses secrets that an attacker tries first.
//
// A forged token is a perfect one. Anyone who has a token can try secrets against it, without limit
// and without being seen, so the secret must be neither short, nor known, nor patterned.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "auth/algorithm.h"

namespace outcry::auth {

inline constexpr std::size_t kSecretBytesMin = 32;

/// RFC 7518 §3.2: a key has at least as many bits as its hash. `algorithm` is one of HMAC.
[[nodiscard]] inline std::size_t secret_bytes_min(Algorithm algorithm) noexcept {
  return hash_bytes(algorithm);
}

/// Why `secret` must not sign tokens ("has 31 bytes; …"), or nullopt if nothing is wrong.
/// The text never contains the secret.
[[nodiscard]] std::optional<std::string> secret_weakness(std::string_view secret,
                                                         std::size_t bytes_min = kSecretBytesMin);

/// The same, as yes or no.
[[nodiscard]] inline bool is_weak_secret(std::string_view secret) {
  return secret_weakness(secret).has_value();
}

}  // namespace outcry::auth
