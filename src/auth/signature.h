// auth/signature.h — whether a signature is a key's over these bytes (RFC 7515 §5.2).
//
// OpenSSL's EVP does the work; what is ours is what a JWS says otherwise than EVP
// (docs/decisions/0011-token-signatures.md): an ECDSA signature is r ‖ s, not DER; a PSS salt is as
// long as the hash; an HMAC is compared in constant time.
//
// A key is made ready once: verifying copies a context instead of reading the key again.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "auth/token_key.h"

namespace outcry::auth {

class SignatureCheck {
 public:
  /// Throws std::invalid_argument if the material isn't what Key says.
  explicit SignatureCheck(const Key& key);
  ~SignatureCheck();
  SignatureCheck(SignatureCheck&&) noexcept;
  SignatureCheck& operator=(SignatureCheck&&) noexcept;

  /// May be called from any thread at once.
  [[nodiscard]] bool verify(std::string_view input, std::string_view signature) const;

 private:
  struct State;
  std::unique_ptr<const State> state_;
};

/// The MAC of `input`, for tokens of one's own. `key` is of AlgorithmFamily::hmac.
[[nodiscard]] std::string sign_hmac(const Key& key, std::string_view input);

}  // namespace outcry::auth
