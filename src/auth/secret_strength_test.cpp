#include "auth/secret_strength.h"

#include <gtest/gtest.h>

#include "base/random.h"

namespace outcry::auth {
namespace {

TEST(SecretStrength, random_secrets_of_all_usual_forms_pass) {
  EXPECT_FALSE(is_weak_secret("d9Qm4vT7xKp2sR8yLw3zBn6cJf1gHa5e"));
  EXPECT_FALSE(is_weak_secret("8f14e45fceea167a5a36dedd4bea2543a6d2c4f1"));
  EXPECT_FALSE(is_weak_secret("correct horse battery staple orbit lantern"));
  for (int i = 0; i < 1000; ++i) {
    const std::string secret = random_id(24);
    ASSERT_FALSE(is_weak_secret(secret)) << secret;
  }
}

TEST(SecretStrength, fewer_than_32_bytes_are_too_few) {
  EXPECT_TRUE(is_weak_secret("d9Qm4vT7xKp2sR8yLw3zBn6cJf1gHa5"));
  EXPECT_EQ(secret_weakness(""), "is empty");
  EXPECT_EQ(secret_weakness("d9Qm4vT7"), "has 8 bytes; at least 32 are needed");
}

TEST(SecretStrength, known_defaults_are_refused_in_any_dress_and_length) {
  for (const char* known :
       {"secret", "SECRET", "changeme", "your-secret-key", "dev-secret-key", "jwt-secret-string",
        "super-secret", "tradesense", "TradeSense-JWT-Secret", "your-256-bit-secret",
        "your-super-secret-jwt-key-change-in-production", "dev-secret-key-change-in-production",
        "a-string-secret-at-least-256-bits-long", "secretsecretsecretsecretsecretsecret",
        "jwt-secret-string-jwt-secret-string-", "please-change-me-please-0123456789-x",
        "my_super_secret_key_for_signing_the_tokens"}) {
    EXPECT_TRUE(is_weak_secret(known)) << known;
  }
}

TEST(SecretStrength, patterns_are_refused) {
  for (const char* pattern :
       {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "abababababababababababababababababab",
        "x7Kp2vQ9x7Kp2vQ9x7Kp2vQ9x7Kp2vQ9x7Kp2vQ9", "abcdefghijklmnopqrstuvwxyz0123456789",
        "98765432109876543210987654321098765", "112233112233332211112233221133112233",
        "                                        "}) {
    EXPECT_TRUE(is_weak_secret(pattern)) << pattern;
  }
}

TEST(SecretStrength, the_reason_never_contains_the_secret) {
  const std::string secret = "zq-super-secret-zq-zq-1234567890-abc";
  const auto weakness = secret_weakness(secret);
  ASSERT_TRUE(weakness);
  EXPECT_EQ(weakness->find("zq"), std::string::npos);
}

}  // namespace
}  // namespace outcry::auth
