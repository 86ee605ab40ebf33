#include "auth/signature.h"

#include <array>
#include <stdexcept>

#include <gtest/gtest.h>
#include <openssl/err.h>

#include "auth/jwk_set.h"
#include "auth/signing_key_for_test.h"
#include "auth/token_verifier.h"
#include "base/base64.h"

namespace outcry::auth {
namespace {

using test::SigningKey;

constexpr std::array kPublicAlgorithms{
    Algorithm::rs256, Algorithm::rs384, Algorithm::rs512, Algorithm::ps256, Algorithm::ps384,
    Algorithm::ps512, Algorithm::es256, Algorithm::es384, Algorithm::es512, Algorithm::eddsa};
constexpr std::string_view kInput = "eyJhbGciOiJub25lIn0.e30";

std::string bytes(std::string_view base64url) {
  return base64url_decode(base64url).value();
}
Key key_of(std::string_view jwk) {
  auto set = parse_jwk_set("{\"keys\":[" + std::string(jwk) + "]}", {.secrets = true});
  if (!set || set->keys.size() != 1) throw std::runtime_error("no key");
  return std::move(set->keys.front());
}
Key public_key(const SigningKey& key, Algorithm algorithm) {
  return key_of_pem("", algorithm, key.public_pem()).value();
}

struct Vector {
  std::string_view name;
  std::string_view jwk;
  std::string_view input;
  std::string_view signature;
};
constexpr std::string_view kJoe =
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVl"
    "fQ";
constexpr std::array kVectors{
    Vector{
        "RFC 7515 A.2",
        R"({"kty":"RSA","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-V)"
        R"(aw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9w)"
        R"(Gzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMT)"
        R"(BQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kz)"
        R"(k2PAcDTW9gb54h4FRWyuXpoQ","e":"AQAB"})",
        "eyJhbGciOiJSUzI1NiJ9.",
        "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_"
        "lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_"
        "nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--"
        "xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIh"
        "WkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw"},
    Vector{
        "RFC 7515 A.3",
        R"({"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_F)"
        R"(EzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"})",
        "eyJhbGciOiJFUzI1NiJ9.",
        "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"},
    Vector{
        "RFC 7515 A.4",
        R"({"kty":"EC","crv":"P-521","x":"AekpBQ8ST8a8VcfVOTNl353vSrDCLLJXmPk06wTjxrrjcBpXp5EOn)"
        R"(YG_NjFZ6OvLFV1jSfS9tsz4qUxcWceqwQGk","y":"ADSmRA43Z1DSNx_RvcLI87cdL07l6jQyyBXMoxVg_l)"
        R"(2Th-x3S1WDhjDly79ajL4Kkd0AZMaZmh9ubmf63e3kyMj2"})",
        "eyJhbGciOiJFUzUxMiJ9.UGF5bG9hZA",
        "AdwMgeerwtHoh-l192l60hp9wAHZFVJbLfD_UxMi70cwnZOYaRI1bKPWROc-mZZqwqT2SI-KGDKB34XO0aw_"
        "7XdtAG8GaSwFKdCAPZgoXD2YBJZCPEX3xKpRwcdOO8KpEHwJjyqOgzDO7iKvU8vcnwNrmxYbSW9ERBXukOXolLzeO"
        "_Jn"},
    Vector{
        "RFC 8037 A.4",
        R"({"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"})",
        "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc",
        "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"},
};

TEST(Signature, accepts_the_examples_of_rfc_7515_and_8037) {
  for (const Vector& vector : kVectors) {
    const SignatureCheck check(key_of(vector.jwk));
    std::string input(vector.input);
    if (input.ends_with('.')) input += kJoe;
    EXPECT_TRUE(check.verify(input, bytes(vector.signature))) << vector.name;
    EXPECT_FALSE(check.verify(input + "A", bytes(vector.signature))) << vector.name;
  }
}

TEST(Signature, every_algorithm_accepts_its_own_and_no_other) {
  for (const Algorithm algorithm : kPublicAlgorithms) {
    const SigningKey key = SigningKey::of(algorithm);
    const SignatureCheck check(public_key(key, algorithm));
    const std::string signature = key.sign(algorithm, kInput);
    EXPECT_TRUE(check.verify(kInput, signature)) << name_of(algorithm);
    EXPECT_TRUE(check.verify(kInput, signature)) << name_of(algorithm) << ", once more";
    const SigningKey stranger = SigningKey::of(algorithm);
    EXPECT_FALSE(check.verify(kInput, stranger.sign(algorithm, kInput))) << name_of(algorithm);
    EXPECT_FALSE(check.verify("", signature)) << name_of(algorithm);
  }
}

TEST(Signature, one_rsa_key_is_another_key_for_each_algorithm) {
  const SigningKey key = SigningKey::rsa();
  for (const Algorithm signer : kPublicAlgorithms) {
    if (family_of(signer) != AlgorithmFamily::rsa && family_of(signer) != AlgorithmFamily::rsa_pss)
      continue;
    const std::string signature = key.sign(signer, kInput);
    for (const Algorithm verifier : {Algorithm::rs256, Algorithm::ps256, Algorithm::ps512}) {
      EXPECT_EQ(SignatureCheck(public_key(key, verifier)).verify(kInput, signature),
                signer == verifier)
          << name_of(signer) << " by " << name_of(verifier);
    }
  }
}

TEST(Signature, any_changed_bit_breaks_it_and_leaves_no_error_behind) {
  for (const Algorithm algorithm : {Algorithm::rs256, Algorithm::es256, Algorithm::eddsa}) {
    const SigningKey key = SigningKey::of(algorithm);
    const SignatureCheck check(public_key(key, algorithm));
    const std::string signature = key.sign(algorithm, kInput);
    for (std::size_t i = 0; i < signature.size(); i += 7) {
      std::string changed = signature;
      changed[i] = static_cast<char>(changed[i] ^ 1);
      EXPECT_FALSE(check.verify(kInput, changed)) << name_of(algorithm) << ' ' << i;
    }
    EXPECT_EQ(ERR_peek_error(), 0u) << "TLS on this thread would take it for its own";
  }
}

TEST(Signature, a_length_of_its_own_is_required) {
  for (const Algorithm algorithm : kPublicAlgorithms) {
    const SigningKey key = SigningKey::of(algorithm);
    const SignatureCheck check(public_key(key, algorithm));
    const std::string signature = key.sign(algorithm, kInput);
    EXPECT_FALSE(check.verify(kInput, "")) << name_of(algorithm);
    EXPECT_FALSE(check.verify(kInput, signature + '\0')) << name_of(algorithm);
    EXPECT_FALSE(check.verify(kInput, '\0' + signature)) << name_of(algorithm);
    EXPECT_FALSE(check.verify(kInput, signature.substr(1))) << name_of(algorithm);
  }
}

TEST(Signature, one_that_begins_with_a_zero_cannot_do_without_it) {
  const SigningKey key = SigningKey::of(Algorithm::ps256);
  const SignatureCheck check(public_key(key, Algorithm::ps256));
  std::string signature;
  do {  // one in 256: salt makes each another
    signature = key.sign(Algorithm::ps256, kInput);
  } while (signature.front() != '\0');
  EXPECT_TRUE(check.verify(kInput, signature));
  EXPECT_FALSE(check.verify(kInput, signature.substr(1)));
}

TEST(Signature, ecdsa_of_zeros_is_none) {  // CVE-2022-21449
  const SigningKey key = SigningKey::ec("P-256");
  const SignatureCheck check(public_key(key, Algorithm::es256));
  EXPECT_FALSE(check.verify(kInput, std::string(64, '\0')));
  EXPECT_FALSE(check.verify(kInput, std::string(64, '\xff')));
  EXPECT_FALSE(check.verify(kInput, std::string(31, '\0') + '\x01' + std::string(32, '\0')));
}

TEST(Signature, hmac_takes_each_hash) {
  for (const Algorithm algorithm : {Algorithm::hs256, Algorithm::hs384, Algorithm::hs512}) {
    const Key key{"", algorithm, "d9Qm4vT7xKp2sR8yLw3zBn6cJf1gHa5e"};
    const std::string mac = sign_hmac(key, kInput);
    EXPECT_EQ(mac.size(), hash_bytes(algorithm));
    EXPECT_TRUE(SignatureCheck(key).verify(kInput, mac));
    EXPECT_FALSE(SignatureCheck(key).verify(kInput, mac.substr(1)));
    EXPECT_FALSE(SignatureCheck(key).verify(kInput, mac.substr(0, 16)));
  }
}

TEST(Signature, material_of_another_algorithm_is_refused) {
  const Key rsa = public_key(SigningKey::rsa(), Algorithm::rs256);
  EXPECT_THROW(SignatureCheck({"", Algorithm::rs256, "no key"}), std::invalid_argument);
  EXPECT_THROW(SignatureCheck({"", Algorithm::rs256, ""}), std::invalid_argument);
  EXPECT_THROW(SignatureCheck({"", Algorithm::eddsa, rsa.material}), std::invalid_argument);
}

TEST(Signature, a_token_of_each_algorithm_names_its_user) {
  const std::string payload = R"({"sub":"u1","iat":1700000000,"exp":1700000900})";
  std::vector<Key> keys;
  std::vector<std::string> tokens;
  for (const Algorithm algorithm : kPublicAlgorithms) {
    const SigningKey key = SigningKey::of(algorithm);
    keys.push_back(
        key_of_pem(std::string(name_of(algorithm)), algorithm, key.public_pem()).value());
    tokens.push_back(key.token(algorithm, name_of(algorithm), payload));
  }
  const TokenVerifier verifier(keys, {});
  for (const std::string& token : tokens) {
    const auto claims = verifier.verify(token, WallTime(seconds(1'700'000'000)));
    ASSERT_TRUE(claims) << claims.error().message();
    EXPECT_EQ(claims->user, "u1");
  }
}

TEST(Signature, a_public_key_is_no_secret) {
  const SigningKey rsa = SigningKey::rsa();
  const Key key = public_key(rsa, Algorithm::rs256);
  const TokenVerifier verifier({key}, {});
  const std::string payload = R"({"sub":"u1","iat":1700000000,"exp":1700000900})";
  for (const std::string& secret : {rsa.public_pem(), key.material}) {
    const std::string forged = sign_payload({"", Algorithm::hs256, secret}, payload);
    EXPECT_EQ(verifier.verify(forged, WallTime(seconds(1'700'000'000))).error(),
              AuthError::algorithm);
  }
}

}  // namespace
}  // namespace outcry::auth
