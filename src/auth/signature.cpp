#include "auth/signature.h"

#include <array>
#include <optional>
#include <stdexcept>
#include <utility>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "auth/ec_curve.h"
#include "base/assert.h"
#include "base/freed.h"

namespace outcry::auth {
namespace {

using MacContext = std::unique_ptr<EVP_MAC_CTX, Freed<EVP_MAC_CTX_free>>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, Freed<EVP_MD_CTX_free>>;
using PublicKey = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;
using EcdsaSignature = std::unique_ptr<ECDSA_SIG, Freed<ECDSA_SIG_free>>;

const unsigned char* bytes_of(std::string_view text) noexcept {
  return reinterpret_cast<const unsigned char*>(text.data());
}

/// Null for Ed25519.
const EVP_MD* digest_of(Algorithm algorithm) noexcept {
  switch (hash_bytes(algorithm)) {
    case 32:
      return EVP_sha256();
    case 48:
      return EVP_sha384();
    case 64:
      return EVP_sha512();
    default:
      return nullptr;
  }
}

/// An HMAC context that has its key and waits for data. Null if OpenSSL can't.
MacContext keyed_hmac(const Key& key) {
  // Fetching walks the providers under a lock: once for the process, not for each token.
  static EVP_MAC* const hmac = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
  if (hmac == nullptr) return nullptr;
  MacContext context(EVP_MAC_CTX_new(hmac));
  std::string digest = EVP_MD_get0_name(digest_of(key.algorithm));
  const std::array<OSSL_PARAM, 2> parameters{
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest.data(), 0),
      OSSL_PARAM_construct_end()};
  const bool ready = context && EVP_MAC_init(context.get(), bytes_of(key.material),
                                             key.material.size(), parameters.data()) == 1;
  return ready ? std::move(context) : nullptr;
}

/// nullopt only if OpenSSL runs out of memory.
std::optional<std::string> hmac_of(const EVP_MAC_CTX* keyed, std::string_view input) {
  const MacContext context(EVP_MAC_CTX_dup(keyed));
  std::array<unsigned char, EVP_MAX_MD_SIZE> mac;
  std::size_t length = 0;
  if (!context || EVP_MAC_update(context.get(), bytes_of(input), input.size()) != 1 ||
      EVP_MAC_final(context.get(), mac.data(), &length, mac.size()) != 1) {
    return std::nullopt;
  }
  return std::string(reinterpret_cast<const char*>(mac.data()), length);
}

const char* kind_of(Algorithm algorithm) noexcept {
  switch (family_of(algorithm)) {
    case AlgorithmFamily::ecdsa:
      return "EC";
    case AlgorithmFamily::ed25519:
      return "ED25519";
    default:
      return "RSA";
  }
}

/// A context that has its key and waits for what was signed. Null if the material is no such key.
DigestContext keyed_verification(const Key& key) {
  const unsigned char* der = bytes_of(key.material);
  const PublicKey parsed(d2i_PUBKEY(nullptr, &der, static_cast<long>(key.material.size())));
  DigestContext context(EVP_MD_CTX_new());
  EVP_PKEY_CTX* options = nullptr;  // the context's own
  const bool ready = parsed && context &&
                     EVP_PKEY_is_a(parsed.get(), kind_of(key.algorithm)) == 1 &&
                     EVP_DigestVerifyInit(context.get(), &options, digest_of(key.algorithm),
                                          nullptr, parsed.get()) == 1;
  if (!ready) return nullptr;
  if (family_of(key.algorithm) == AlgorithmFamily::rsa_pss &&
      (EVP_PKEY_CTX_set_rsa_padding(options, RSA_PKCS1_PSS_PADDING) != 1 ||
       EVP_PKEY_CTX_set_rsa_pss_saltlen(options, RSA_PSS_SALTLEN_DIGEST) != 1)) {
    return nullptr;
  }
  return context;
}

/// r ‖ s (RFC 7518 §3.4) as the DER that OpenSSL takes; nullopt if it isn't of the curve's length.
std::optional<std::string> der_of(std::string_view signature, std::size_t field_bytes) {
  if (signature.size() != 2 * field_bytes) return std::nullopt;
  const int half = static_cast<int>(field_bytes);
  const EcdsaSignature parts(ECDSA_SIG_new());
  BIGNUM* r = BN_bin2bn(bytes_of(signature), half, nullptr);
  BIGNUM* s = BN_bin2bn(bytes_of(signature.substr(field_bytes)), half, nullptr);
  if (!parts || ECDSA_SIG_set0(parts.get(), r, s) != 1) {
    BN_free(r);
    BN_free(s);
    return std::nullopt;
  }
  unsigned char* der = nullptr;
  const int length = i2d_ECDSA_SIG(parts.get(), &der);
  if (length <= 0) return std::nullopt;
  std::string out(reinterpret_cast<const char*>(der), static_cast<std::size_t>(length));
  OPENSSL_free(der);
  return out;
}

bool is_signed(const EVP_MD_CTX* keyed, std::string_view input, std::string_view signature) {
  const DigestContext context(EVP_MD_CTX_new());
  const bool holds = context && EVP_MD_CTX_copy_ex(context.get(), keyed) == 1 &&
                     EVP_DigestVerify(context.get(), bytes_of(signature), signature.size(),
                                      bytes_of(input), input.size()) == 1;
  // The thread's queue of errors is TLS's too, which would take ours for its own.
  if (!holds) ERR_clear_error();
  return holds;
}

}  // namespace

struct SignatureCheck::State {
  Algorithm algorithm = Algorithm::hs256;
  MacContext hmac;             // null, as is the next, if the algorithm is of another family
  DigestContext verification;  // its key is OpenSSL's, counted
  std::size_t key_bytes = 0;   // of that key
};

SignatureCheck::SignatureCheck(const Key& key) {
  if (key.material.empty()) throw std::invalid_argument("a token key is empty");
  auto state = std::make_unique<State>();
  state->algorithm = key.algorithm;
  if (family_of(key.algorithm) == AlgorithmFamily::hmac) {
    state->hmac = keyed_hmac(key);
    if (!state->hmac) throw std::runtime_error("OpenSSL offers no HMAC");
  } else {
    state->verification = keyed_verification(key);
    if (!state->verification) {
      ERR_clear_error();
      throw std::invalid_argument("a token key isn't of its algorithm");
    }
    EVP_PKEY_CTX* options = EVP_MD_CTX_get_pkey_ctx(state->verification.get());
    state->key_bytes = static_cast<std::size_t>(EVP_PKEY_get_size(EVP_PKEY_CTX_get0_pkey(options)));
  }
  state_ = std::move(state);
}

SignatureCheck::~SignatureCheck() = default;
SignatureCheck::SignatureCheck(SignatureCheck&&) noexcept = default;
SignatureCheck& SignatureCheck::operator=(SignatureCheck&&) noexcept = default;

bool SignatureCheck::verify(std::string_view input, std::string_view signature) const {
  if (state_->hmac) {
    const std::optional<std::string> expected = hmac_of(state_->hmac.get(), input);
    // Constant time: how many bytes agree must not be measurable.
    return expected && signature.size() == expected->size() &&
           CRYPTO_memcmp(signature.data(), expected->data(), expected->size()) == 0;
  }
  if (family_of(state_->algorithm) != AlgorithmFamily::ecdsa) {
    // RFC 8017 §8.1.2: of PSS, OpenSSL takes one as well that lacks its leading zeros.
    return signature.size() == state_->key_bytes &&
           is_signed(state_->verification.get(), input, signature);
  }
  const auto der = der_of(signature, curve_of(state_->algorithm).field_bytes);
  return der && is_signed(state_->verification.get(), input, *der);
}

std::string sign_hmac(const Key& key, std::string_view input) {
  OUTCRY_ASSERT(family_of(key.algorithm) == AlgorithmFamily::hmac);
  const MacContext keyed = keyed_hmac(key);
  const std::optional<std::string> mac = keyed ? hmac_of(keyed.get(), input) : std::nullopt;
  OUTCRY_ASSERT(mac.has_value());
  return *mac;
}

}  // namespace outcry::auth
