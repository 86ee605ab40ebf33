#include "auth/token_key.h"

#include <array>
#include <memory>
#include <utility>

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "auth/ec_curve.h"
#include "base/error_enum.h"
#include "base/freed.h"

namespace outcry::auth {
namespace {

using namespace std::string_view_literals;

constexpr std::array kNames{
    "no error"sv,
    "is no key that can be read"sv,
    "is a private key: give the public one, for who can verify must not be able to sign"sv,
    "is of an algorithm that isn't known here"sv,
    "is of another kind than its algorithm takes"sv,
    "is an RSA key of less than 2048 bits"sv,
    "is an RSA key of more than 8192 bits"sv,
    "is an RSA key whose exponent makes signatures that anyone can forge"sv,
    "is a point that isn't on its curve"sv,
    "is a secret, and its set is published"sv,
    "is a secret that can be guessed"sv,
    "isn't for signatures"sv,
    "is of a kind that isn't known here"sv,
};
static_assert(kNames.size() == static_cast<std::size_t>(KeyError::unknown_kind) + 1);

constexpr int kExponentBitsMax = 64;
constexpr std::size_t kEd25519Bytes = 32;

using PublicKey = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;
using Context = std::unique_ptr<EVP_PKEY_CTX, Freed<EVP_PKEY_CTX_free>>;
using Number = std::unique_ptr<BIGNUM, Freed<BN_free>>;
using Builder = std::unique_ptr<OSSL_PARAM_BLD, Freed<OSSL_PARAM_BLD_free>>;
using Parameters = std::unique_ptr<OSSL_PARAM, Freed<OSSL_PARAM_free>>;
using Memory = std::unique_ptr<BIO, Freed<BIO_free_all>>;
using Certificate = std::unique_ptr<X509, Freed<X509_free>>;

/// What a library call leaves in the thread's queue of errors must not be taken for TLS's.
struct ErrorScope {
  ErrorScope() = default;
  ~ErrorScope() { ERR_clear_error(); }
  ErrorScope(const ErrorScope&) = delete;
  ErrorScope& operator=(const ErrorScope&) = delete;
};

const unsigned char* bytes_of(std::string_view text) noexcept {
  return reinterpret_cast<const unsigned char*>(text.data());
}

Number number_of(std::string_view bytes) {
  return Number(BN_bin2bn(bytes_of(bytes), static_cast<int>(bytes.size()), nullptr));
}

Number number_of(const EVP_PKEY* key, const char* name) {
  BIGNUM* number = nullptr;
  if (EVP_PKEY_get_bn_param(key, name, &number) != 1) return nullptr;
  return Number(number);
}

KeyError rsa_fault(const EVP_PKEY* key) {
  if (EVP_PKEY_is_a(key, "RSA") != 1) return KeyError::other_kind;
  const int bits = EVP_PKEY_get_bits(key);
  if (bits < static_cast<int>(kRsaBitsMin)) return KeyError::rsa_too_short;
  if (bits > static_cast<int>(kRsaBitsMax)) return KeyError::rsa_too_long;
  const Number exponent = number_of(key, OSSL_PKEY_PARAM_RSA_E);
  const bool usable = exponent && BN_is_odd(exponent.get()) == 1 &&
                      BN_is_one(exponent.get()) == 0 &&
                      BN_num_bits(exponent.get()) <= kExponentBitsMax;
  return usable ? KeyError::none : KeyError::rsa_exponent;
}

KeyError point_fault(EVP_PKEY* key, Algorithm algorithm) {
  std::array<char, 64> group{};
  std::size_t length = 0;
  const bool named = EVP_PKEY_is_a(key, "EC") == 1 &&
                     EVP_PKEY_get_group_name(key, group.data(), group.size(), &length) == 1;
  if (!named || std::string_view(group.data(), length) != curve_of(algorithm).group) {
    return KeyError::other_kind;
  }
  const Context context(EVP_PKEY_CTX_new_from_pkey(nullptr, key, nullptr));
  const bool on_curve = context && EVP_PKEY_public_check(context.get()) == 1;
  return on_curve ? KeyError::none : KeyError::not_on_curve;
}

KeyError fault_of(EVP_PKEY* key, Algorithm algorithm) {
  switch (family_of(algorithm)) {
    case AlgorithmFamily::hmac:
      return KeyError::other_kind;
    case AlgorithmFamily::rsa:
    case AlgorithmFamily::rsa_pss:
      return rsa_fault(key);
    case AlgorithmFamily::ecdsa:
      return point_fault(key, algorithm);
    case AlgorithmFamily::ed25519:
      return EVP_PKEY_is_a(key, "ED25519") == 1 ? KeyError::none : KeyError::other_kind;
  }
  return KeyError::unknown_algorithm;
}

Result<Key> checked(std::string id, Algorithm algorithm, const PublicKey& key) {
  if (!key) return fail(KeyError::unreadable);
  if (const KeyError fault = fault_of(key.get(), algorithm); fault != KeyError::none) {
    return fail(fault);
  }
  unsigned char* der = nullptr;
  const int length = i2d_PUBKEY(key.get(), &der);
  if (length <= 0) return fail(KeyError::unreadable);
  std::string material(reinterpret_cast<const char*>(der), static_cast<std::size_t>(length));
  OPENSSL_free(der);
  return Key{.id = std::move(id), .algorithm = algorithm, .material = std::move(material)};
}

PublicKey from_parameters(const char* kind, OSSL_PARAM_BLD* builder) {
  const Parameters parameters(OSSL_PARAM_BLD_to_param(builder));
  const Context context(EVP_PKEY_CTX_new_from_name(nullptr, kind, nullptr));
  EVP_PKEY* key = nullptr;
  const bool made =
      parameters && context && EVP_PKEY_fromdata_init(context.get()) == 1 &&
      EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, parameters.get()) == 1;
  return made ? PublicKey(key) : nullptr;
}

PublicKey from_certificate(BIO* pem) {
  const Certificate certificate(PEM_read_bio_X509(pem, nullptr, nullptr, nullptr));
  return certificate ? PublicKey(X509_get_pubkey(certificate.get())) : nullptr;
}

}  // namespace

std::error_code make_error_code(KeyError error) noexcept {
  static const TableCategory category("token key", kNames);
  return {static_cast<int>(error), category};
}

Result<Key> key_of_pem(std::string id, Algorithm algorithm, std::string_view pem) {
  const ErrorScope errors;
  if (pem.find("PRIVATE KEY-----") != std::string_view::npos) return fail(KeyError::private_key);
  const Memory memory(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  if (!memory) return fail(KeyError::unreadable);
  if (pem.find("-----BEGIN CERTIFICATE-----") != std::string_view::npos) {
    return checked(std::move(id), algorithm, from_certificate(memory.get()));
  }
  const PublicKey key(PEM_read_bio_PUBKEY(memory.get(), nullptr, nullptr, nullptr));
  return checked(std::move(id), algorithm, key);
}

Result<Key> key_of_rsa(std::string id, Algorithm algorithm, std::string_view modulus,
                       std::string_view exponent) {
  const ErrorScope errors;
  constexpr std::size_t kSpare = 8;  // leading zeros, which some write
  if (modulus.size() > kRsaBitsMax / 8 + kSpare || exponent.size() > kSpare + kSpare) {
    return fail(modulus.size() > exponent.size() ? KeyError::rsa_too_long : KeyError::rsa_exponent);
  }
  const Number n = number_of(modulus);
  const Number e = number_of(exponent);
  const Builder builder(OSSL_PARAM_BLD_new());
  const bool complete =
      n && e && builder && BN_is_zero(n.get()) == 0 &&
      OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get()) == 1 &&
      OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get()) == 1;
  if (!complete) return fail(KeyError::unreadable);
  return checked(std::move(id), algorithm, from_parameters("RSA", builder.get()));
}

Result<Key> key_of_point(std::string id, Algorithm algorithm, std::string_view x,
                         std::string_view y) {
  const ErrorScope errors;
  if (family_of(algorithm) != AlgorithmFamily::ecdsa) return fail(KeyError::other_kind);
  const EcCurve curve = curve_of(algorithm);
  // RFC 7518 §6.2.1.2: the full size of a coordinate, also where it begins with zeros.
  if (x.size() != curve.field_bytes || y.size() != curve.field_bytes) {
    return fail(KeyError::unreadable);
  }
  std::string point = "\x04";  // uncompressed (SEC 1 §2.3.3)
  point.append(x).append(y);
  const Builder builder(OSSL_PARAM_BLD_new());
  const bool complete =
      builder &&
      OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, curve.group.data(),
                                      curve.group.size()) == 1 &&
      OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(),
                                       point.size()) == 1;
  if (!complete) return fail(KeyError::unreadable);
  const PublicKey key = from_parameters("EC", builder.get());
  if (!key) return fail(KeyError::not_on_curve);
  return checked(std::move(id), algorithm, key);
}

Result<Key> key_of_ed25519(std::string id, std::string_view bytes) {
  const ErrorScope errors;
  if (bytes.size() != kEd25519Bytes) return fail(KeyError::unreadable);
  const PublicKey key(
      EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, bytes_of(bytes), bytes.size()));
  return checked(std::move(id), Algorithm::eddsa, key);
}

}  // namespace outcry::auth
