// auth/ec_curve.h — the curve of each ECDSA algorithm (RFC 7518 §3.4): one of its own, so that a
// key's curve and its algorithm say the same.
#pragma once

#include <cstddef>
#include <string_view>

#include "auth/algorithm.h"

namespace outcry::auth {

struct EcCurve {
  std::string_view jwk;    // `crv` of a JWK
  std::string_view group;  // OpenSSL's name
  std::size_t field_bytes = 0;
};

/// `algorithm` is of AlgorithmFamily::ecdsa.
[[nodiscard]] constexpr EcCurve curve_of(Algorithm algorithm) noexcept {
  if (algorithm == Algorithm::es384) return {"P-384", "secp384r1", 48};
  if (algorithm == Algorithm::es512) return {"P-521", "secp521r1", 66};
  return {"P-256", "prime256v1", 32};
}

}  // namespace outcry::auth
