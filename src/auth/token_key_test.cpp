#include "auth/token_key.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "auth/jwk_set.h"
#include "auth/signing_key_for_test.h"
#include "base/base64.h"

namespace outcry::auth {
namespace {

using test::SigningKey;

std::error_code pem_error(Algorithm algorithm, std::string_view pem) {
  const auto key = key_of_pem("k", algorithm, pem);
  return key ? std::error_code() : key.error();
}

JwkSet set_of(const std::string& members, JwkSetRules rules = {}) {
  return parse_jwk_set(R"({"keys":[{)" + members + "}]}", rules).value();
}
/// Of the only key of a set; no error if it was taken, other_use if it was left out.
std::error_code jwk_error(const std::string& members, JwkSetRules rules = {}) {
  const JwkSet set = set_of(members, rules);
  if (set.others > 0) return KeyError::other_use;
  return set.refused.empty() ? std::error_code() : set.refused.front().error;
}

TEST(TokenKey, a_name_of_an_algorithm_is_exact) {
  EXPECT_EQ(algorithm_named("EdDSA"), Algorithm::eddsa);
  for (const char* bad : {"none", "None", "hs256", "HS256 ", "", "ES256K", "RS1"}) {
    EXPECT_FALSE(algorithm_named(bad)) << bad;
  }
}

TEST(TokenKey, pem_and_jwk_are_the_same_key) {
  for (const Algorithm algorithm : {Algorithm::rs256, Algorithm::ps384, Algorithm::es256,
                                    Algorithm::es384, Algorithm::es512, Algorithm::eddsa}) {
    const SigningKey key = SigningKey::of(algorithm);
    const JwkSet set = set_of(R"("kid":"k","alg":")" + std::string(name_of(algorithm)) + "\"," +
                              key.jwk_members());
    ASSERT_EQ(set.keys.size(), 1u) << name_of(algorithm);
    EXPECT_EQ(set.keys.front(), key_of_pem("k", algorithm, key.public_pem()).value());
  }
}

TEST(TokenKey, a_key_is_of_the_kind_that_its_algorithm_takes) {
  const std::string rsa = SigningKey::rsa().public_pem();
  const std::string p256 = SigningKey::ec("P-256").public_pem();
  EXPECT_EQ(pem_error(Algorithm::es256, rsa), KeyError::other_kind);
  EXPECT_EQ(pem_error(Algorithm::hs256, rsa), KeyError::other_kind);
  EXPECT_EQ(pem_error(Algorithm::rs256, p256), KeyError::other_kind);
  EXPECT_EQ(pem_error(Algorithm::es384, p256), KeyError::other_kind);
  EXPECT_EQ(pem_error(Algorithm::eddsa, p256), KeyError::other_kind);
  EXPECT_EQ(pem_error(Algorithm::es256, SigningKey::ec("secp256k1").public_pem()),
            KeyError::other_kind);
}

TEST(TokenKey, an_rsa_key_has_at_least_2048_bits) {
  EXPECT_EQ(pem_error(Algorithm::rs256, SigningKey::rsa(1024).public_pem()),
            KeyError::rsa_too_short);
  EXPECT_EQ(pem_error(Algorithm::rs256, SigningKey::rsa(2048).public_pem()), std::error_code());
  EXPECT_EQ(jwk_error(SigningKey::rsa(1024).jwk_members()), KeyError::rsa_too_short);
  const auto of_bytes = [](std::size_t bytes, std::string_view exponent) {
    return key_of_rsa("", Algorithm::rs256, std::string(bytes, '\xff'), exponent);
  };
  EXPECT_EQ(of_bytes(255, "\x01\x00\x01").error(), KeyError::rsa_too_short);
  EXPECT_EQ(of_bytes(1025, "\x03").error(), KeyError::rsa_too_long);
  EXPECT_EQ(of_bytes(1'000'000, "\x03").error(), KeyError::rsa_too_long);
}

TEST(TokenKey, an_rsa_exponent_that_signs_nothing_is_refused) {
  const std::string modulus(256, '\xff');
  for (const std::string& bad : {std::string("\x01"), std::string("\x02"), std::string(1, '\0'),
                                 std::string(9, '\xff'), std::string(1000, '\xff')}) {
    EXPECT_FALSE(key_of_rsa("", Algorithm::rs256, modulus, bad)) << bad.size();
  }
  EXPECT_TRUE(key_of_rsa("", Algorithm::rs256, modulus, "\x03"));
}

TEST(TokenKey, a_private_key_is_refused_in_either_form) {
  EXPECT_EQ(pem_error(Algorithm::es256, SigningKey::ec("P-256").private_pem()),
            KeyError::private_key);
  const std::string ec = SigningKey::ec("P-256").jwk_members();
  EXPECT_EQ(jwk_error(ec + R"(,"d":"AAAA")"), KeyError::private_key);
  EXPECT_EQ(jwk_error(SigningKey::rsa().jwk_members() + R"(,"p":"AAAA")"), KeyError::private_key);
}

TEST(TokenKey, what_is_no_key_is_unreadable) {
  for (const char* bad :
       {"", "secret", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"}) {
    EXPECT_EQ(pem_error(Algorithm::es256, bad), KeyError::unreadable) << bad;
  }
}

TEST(TokenKey, a_point_off_its_curve_is_refused) {
  EXPECT_FALSE(
      key_of_point("", Algorithm::es256, std::string(32, '\x01'), std::string(32, '\x02')));
  EXPECT_FALSE(key_of_point("", Algorithm::es256, std::string(32, '\0'), std::string(32, '\0')));
  EXPECT_EQ(
      key_of_point("", Algorithm::es256, std::string(31, '\x01'), std::string(32, '\x02')).error(),
      KeyError::unreadable);
  EXPECT_EQ(key_of_ed25519("", std::string(31, '\x01')).error(), KeyError::unreadable);
}

TEST(JwkSetTest, the_kind_says_the_algorithm_where_alg_does_not) {
  EXPECT_EQ(set_of(SigningKey::rsa().jwk_members()).keys.front().algorithm, Algorithm::rs256);
  EXPECT_EQ(set_of(SigningKey::ec("P-521").jwk_members()).keys.front().algorithm, Algorithm::es512);
  EXPECT_EQ(set_of(SigningKey::ed25519().jwk_members()).keys.front().algorithm, Algorithm::eddsa);
}

TEST(JwkSetTest, an_alg_of_another_kind_is_refused) {
  const std::string ec = SigningKey::ec("P-256").jwk_members();
  EXPECT_EQ(jwk_error(ec + R"(,"alg":"ES384")"), KeyError::other_kind);
  EXPECT_EQ(jwk_error(ec + R"(,"alg":"HS256")"), KeyError::other_kind);
  EXPECT_EQ(jwk_error(ec + R"(,"alg":"none")"), KeyError::unknown_algorithm);
  EXPECT_EQ(jwk_error(ec + R"(,"alg":7)"), KeyError::unknown_algorithm);
  EXPECT_EQ(jwk_error(SigningKey::rsa().jwk_members() + R"(,"alg":"HS256")"), KeyError::other_kind);
}

TEST(JwkSetTest, keys_of_another_use_or_kind_are_left_out) {
  const std::string ec = SigningKey::ec("P-256").jwk_members();
  EXPECT_EQ(jwk_error(ec + R"(,"use":"enc")"), KeyError::other_use);
  EXPECT_EQ(jwk_error(ec + R"(,"key_ops":["sign"])"), KeyError::other_use);
  EXPECT_EQ(jwk_error(R"("kty":"X","x":"AAAA")"), KeyError::other_use);
  EXPECT_EQ(jwk_error(R"("kty":"OKP","crv":"X25519","x":"AAAA")"), KeyError::other_use);
  EXPECT_EQ(jwk_error(ec + R"(,"use":"sig","key_ops":["verify"])"), std::error_code());
}

TEST(JwkSetTest, secrets_are_taken_from_a_file_alone_and_only_strong_ones) {
  const auto secret = [](std::string_view text, const char* alg) {
    return R"("kty":"oct","k":")" + base64url_encode(as_bytes(text)) + "\"" + alg;
  };
  const std::string strong = secret("d9Qm4vT7xKp2sR8yLw3zBn6cJf1gHa5e", R"(,"alg":"HS256")");
  EXPECT_EQ(jwk_error(strong), KeyError::secret_not_allowed);
  EXPECT_EQ(jwk_error(strong, {.secrets = true}), std::error_code());
  EXPECT_EQ(jwk_error(secret("short", R"(,"alg":"HS256")"), {.secrets = true}),
            KeyError::weak_secret);
  EXPECT_EQ(
      jwk_error(secret("d9Qm4vT7xKp2sR8yLw3zBn6cJf1gHa5e", R"(,"alg":"HS512")"), {.secrets = true}),
      KeyError::weak_secret);
  EXPECT_EQ(jwk_error(secret("d9Qm4vT7xKp2sR8yLw3zBn6cJf1gHa5e", ""), {.secrets = true}),
            KeyError::unknown_algorithm);
  EXPECT_EQ(
      jwk_error(secret("d9Qm4vT7xKp2sR8yLw3zBn6cJf1gHa5e", R"(,"alg":"RS256")"), {.secrets = true}),
      KeyError::other_kind);
}

TEST(JwkSetTest, a_key_that_can_not_be_used_costs_the_others_nothing) {
  const std::string good = "{" + SigningKey::ec("P-256").jwk_members() + "}";
  const auto set = parse_jwk_set(R"({"keys":[7,{"kty":"EC"},)" + good + R"(,{"kid":""}]})");
  ASSERT_TRUE(set);
  EXPECT_EQ(set->keys.size(), 1u);
  EXPECT_EQ(set->refused.size(), 2u);
  EXPECT_EQ(set->others, 1u) << "of no known curve";
}

TEST(JwkSetTest, a_set_is_bounded) {
  const std::string good = "{" + SigningKey::ed25519().jwk_members() + "}";
  const auto of = [&good](std::size_t count) {
    std::string keys;
    for (std::size_t i = 0; i < count; ++i) keys += (i > 0 ? "," : "") + good;
    return parse_jwk_set(R"({"keys":[)" + keys + "]}");
  };
  EXPECT_EQ(of(kJwkSetKeysMax)->keys.size(), kJwkSetKeysMax);
  EXPECT_FALSE(of(kJwkSetKeysMax + 1));
  EXPECT_TRUE(of(0)->keys.empty());
  for (const char* bad :
       {"", "[]", "{}", R"({"keys":{}})", R"({"keys":[],"keys":[]})", "nonsense"}) {
    EXPECT_FALSE(parse_jwk_set(bad)) << bad;
  }
}

}  // namespace
}  // namespace outcry::auth
