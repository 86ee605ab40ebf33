#include "auth/signing_key_for_test.h"

#include <array>
#include <stdexcept>

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "auth/ec_curve.h"
#include "base/base64.h"

namespace outcry::auth::test {
namespace {

void check(bool done) {
  if (!done) throw std::runtime_error("OpenSSL can't");
}

std::string text_of(BIO* memory) {
  char* data = nullptr;
  const long length = BIO_get_mem_data(memory, &data);
  std::string text(data, static_cast<std::size_t>(length));
  BIO_free(memory);
  return text;
}

/// A number of the key, base64url; padded with zeros in front to `bytes`, 0: as it is.
std::string number(const EVP_PKEY* key, const char* name, std::size_t bytes = 0) {
  BIGNUM* value = nullptr;
  check(EVP_PKEY_get_bn_param(key, name, &value) == 1);
  const std::size_t length = bytes > 0 ? bytes : static_cast<std::size_t>(BN_num_bytes(value));
  std::string out(length, '\0');
  BN_bn2binpad(value, reinterpret_cast<unsigned char*>(out.data()), static_cast<int>(length));
  BN_free(value);
  return base64url_encode(as_bytes(out));
}

/// r ‖ s of an ECDSA signature in DER.
std::string raw_of(std::string_view der, std::size_t field_bytes) {
  const auto* data = reinterpret_cast<const unsigned char*>(der.data());
  ECDSA_SIG* parts = d2i_ECDSA_SIG(nullptr, &data, static_cast<long>(der.size()));
  check(parts != nullptr);
  std::string out(2 * field_bytes, '\0');
  auto* to = reinterpret_cast<unsigned char*>(out.data());
  BN_bn2binpad(ECDSA_SIG_get0_r(parts), to, static_cast<int>(field_bytes));
  BN_bn2binpad(ECDSA_SIG_get0_s(parts), to + field_bytes, static_cast<int>(field_bytes));
  ECDSA_SIG_free(parts);
  return out;
}

}  // namespace

void SigningKey::Free::operator()(evp_pkey_st* key) const noexcept {
  EVP_PKEY_free(key);
}

SigningKey::SigningKey(evp_pkey_st* key) : key_(key) {
  check(key != nullptr);
}

SigningKey SigningKey::rsa(unsigned bits) {
  return SigningKey(EVP_RSA_gen(bits));
}
SigningKey SigningKey::ec(const char* curve) {
  return SigningKey(EVP_EC_gen(curve));
}
SigningKey SigningKey::ed25519() {
  return SigningKey(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
}

SigningKey SigningKey::of(Algorithm algorithm) {
  if (family_of(algorithm) == AlgorithmFamily::ed25519) return ed25519();
  if (family_of(algorithm) != AlgorithmFamily::ecdsa) return rsa();
  return ec(std::string(curve_of(algorithm).jwk).c_str());
}

std::string SigningKey::public_pem() const {
  BIO* memory = BIO_new(BIO_s_mem());
  check(PEM_write_bio_PUBKEY(memory, key_.get()) == 1);
  return text_of(memory);
}

std::string SigningKey::private_pem() const {
  BIO* memory = BIO_new(BIO_s_mem());
  check(PEM_write_bio_PrivateKey(memory, key_.get(), nullptr, nullptr, 0, nullptr, nullptr) == 1);
  return text_of(memory);
}

std::string SigningKey::jwk_members() const {
  const EVP_PKEY* key = key_.get();
  if (EVP_PKEY_is_a(key, "RSA") == 1) {
    return fmt::format(R"("kty":"RSA","n":"{}","e":"{}")", number(key, OSSL_PKEY_PARAM_RSA_N),
                       number(key, OSSL_PKEY_PARAM_RSA_E));
  }
  if (EVP_PKEY_is_a(key, "EC") == 1) {
    const std::size_t bytes = (static_cast<std::size_t>(EVP_PKEY_get_bits(key)) + 7) / 8;
    return fmt::format(R"("kty":"EC","crv":"P-{}","x":"{}","y":"{}")", EVP_PKEY_get_bits(key),
                       number(key, OSSL_PKEY_PARAM_EC_PUB_X, bytes),
                       number(key, OSSL_PKEY_PARAM_EC_PUB_Y, bytes));
  }
  std::string raw(32, '\0');
  std::size_t length = raw.size();
  check(EVP_PKEY_get_raw_public_key(key, reinterpret_cast<unsigned char*>(raw.data()), &length) ==
        1);
  return fmt::format(R"("kty":"OKP","crv":"Ed25519","x":"{}")", base64url_encode(as_bytes(raw)));
}

std::string SigningKey::sign(Algorithm algorithm, std::string_view input) const {
  const std::size_t hash = hash_bytes(algorithm);
  const EVP_MD* digest = hash == 32   ? EVP_sha256()
                         : hash == 48 ? EVP_sha384()
                         : hash == 64 ? EVP_sha512()
                                      : nullptr;
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  EVP_PKEY_CTX* options = nullptr;
  check(EVP_DigestSignInit(context, &options, digest, nullptr, key_.get()) == 1);
  if (family_of(algorithm) == AlgorithmFamily::rsa_pss) {
    EVP_PKEY_CTX_set_rsa_padding(options, RSA_PKCS1_PSS_PADDING);
    EVP_PKEY_CTX_set_rsa_pss_saltlen(options, RSA_PSS_SALTLEN_DIGEST);
  }
  std::string out(2048, '\0');
  std::size_t length = out.size();
  const bool done =
      EVP_DigestSign(context, reinterpret_cast<unsigned char*>(out.data()), &length,
                     reinterpret_cast<const unsigned char*>(input.data()), input.size()) == 1;
  EVP_MD_CTX_free(context);
  check(done);
  out.resize(length);
  if (family_of(algorithm) != AlgorithmFamily::ecdsa) return out;
  return raw_of(out, (static_cast<std::size_t>(EVP_PKEY_get_bits(key_.get())) + 7) / 8);
}

std::string SigningKey::token(Algorithm algorithm, std::string_view id,
                              std::string_view payload) const {
  const std::string kid = id.empty() ? std::string() : fmt::format(R"(,"kid":"{}")", id);
  const std::string header = fmt::format(R"({{"alg":"{}"{}}})", name_of(algorithm), kid);
  const std::string input =
      base64url_encode(as_bytes(header)) + '.' + base64url_encode(as_bytes(payload));
  return input + '.' + base64url_encode(as_bytes(sign(algorithm, input)));
}

}  // namespace outcry::auth::test
