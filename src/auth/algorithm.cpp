#include "auth/algorithm.h"

#include <algorithm>
#include <array>

namespace outcry::auth {
namespace {

struct Row {
  std::string_view name;
  AlgorithmFamily family;
  std::size_t hash_bytes;
};

using Family = AlgorithmFamily;

// In the order of Algorithm.
constexpr std::array<Row, kAlgorithmCount> kRows{{
    {"HS256", Family::hmac, 32},
    {"HS384", Family::hmac, 48},
    {"HS512", Family::hmac, 64},
    {"RS256", Family::rsa, 32},
    {"RS384", Family::rsa, 48},
    {"RS512", Family::rsa, 64},
    {"PS256", Family::rsa_pss, 32},
    {"PS384", Family::rsa_pss, 48},
    {"PS512", Family::rsa_pss, 64},
    {"ES256", Family::ecdsa, 32},
    {"ES384", Family::ecdsa, 48},
    {"ES512", Family::ecdsa, 64},
    {"EdDSA", Family::ed25519, 0},
}};

const Row& row_of(Algorithm algorithm) noexcept {
  return kRows[static_cast<std::size_t>(algorithm)];
}

}  // namespace

std::string_view name_of(Algorithm algorithm) noexcept {
  return row_of(algorithm).name;
}

std::optional<Algorithm> algorithm_named(std::string_view name) noexcept {
  const auto* const found = std::ranges::find(kRows, name, &Row::name);
  if (found == kRows.end()) return std::nullopt;
  return static_cast<Algorithm>(found - kRows.begin());
}

AlgorithmFamily family_of(Algorithm algorithm) noexcept {
  return row_of(algorithm).family;
}

std::size_t hash_bytes(Algorithm algorithm) noexcept {
  return row_of(algorithm).hash_bytes;
}

}  // namespace outcry::auth
