// auth/signing_key_for_test.h — the issuer's side of a test: a new key that signs tokens, and tells
// its public half in every form. OpenSSL's one-call signatures: not the code under test.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "auth/algorithm.h"

struct evp_pkey_st;

namespace outcry::auth::test {

class SigningKey {
 public:
  [[nodiscard]] static SigningKey rsa(unsigned bits = 2048);
  /// "P-256", "P-384", "P-521", or another that OpenSSL knows.
  [[nodiscard]] static SigningKey ec(const char* curve);
  [[nodiscard]] static SigningKey ed25519();
  /// Of the kind that the algorithm takes, which isn't one of HMAC.
  [[nodiscard]] static SigningKey of(Algorithm algorithm);

  [[nodiscard]] std::string public_pem() const;
  [[nodiscard]] std::string private_pem() const;
  /// Members without braces: `"kty":"EC","crv":"P-256","x":"…","y":"…"`.
  [[nodiscard]] std::string jwk_members() const;
  /// As a JWS has it, not yet encoded.
  [[nodiscard]] std::string sign(Algorithm algorithm, std::string_view input) const;
  /// A token with this header, `"kid"` if `id` isn't empty.
  [[nodiscard]] std::string token(Algorithm algorithm, std::string_view id,
                                  std::string_view payload) const;

 private:
  struct Free {
    void operator()(evp_pkey_st* key) const noexcept;
  };
  explicit SigningKey(evp_pkey_st* key);

  std::unique_ptr<evp_pkey_st, Free> key_;
};

}  // namespace outcry::auth::test
