#include "config/auth.h"

#include <filesystem>
#include <fstream>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include "auth/signing_key_for_test.h"

namespace outcry::config {
namespace {

using auth::Algorithm;
using auth::test::SigningKey;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::string_view kSecret = "d9Qm4vT7xKp2sR8yLw3zBn6cJf1gHa5e";

class ConfigAuthTest : public testing::Test {
 protected:
  ConfigAuthTest() {
    std::string name = (std::filesystem::temp_directory_path() / "outcry-auth-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp");
    directory_ = name;
  }
  ~ConfigAuthTest() override { std::filesystem::remove_all(directory_); }

  std::string write(const std::string& name, const std::string& text) {
    const std::filesystem::path path = directory_ / name;
    std::ofstream(path) << text;
    return path.string();
  }
  static std::string problem_of(const AuthConfig& config, bool development = false) {
    const Strings problems = auth_problems(config, development);
    return problems.empty() ? std::string() : problems.front();
  }

  std::filesystem::path directory_;
};

TEST_F(ConfigAuthTest, public_keys_have_the_algorithm_and_the_name_that_are_written) {
  AuthConfig config;
  config.public_keys = {
      {"a", "ES256 " + write("a.pem", SigningKey::ec("P-256").public_pem())},
      {"b", "PS512  " + write("a b.pem", SigningKey::rsa().public_pem())},
  };
  const std::vector<auth::Key> keys = token_keys(config);
  ASSERT_EQ(keys.size(), 2u) << "no secret is no key";
  EXPECT_EQ(keys[0].id, "a");
  EXPECT_EQ(keys[0].algorithm, Algorithm::es256);
  EXPECT_EQ(keys[1].algorithm, Algorithm::ps512);
  EXPECT_EQ(problem_of(config), "");
}

TEST_F(ConfigAuthTest, a_public_key_that_can_not_be_used_is_named_with_the_reason) {
  const std::string rsa = write("rsa.pem", SigningKey::rsa().public_pem());
  const auto problem = [](const std::string& text) {
    AuthConfig config;
    config.public_keys = {{"k1", text}};
    return problem_of(config);
  };
  EXPECT_THAT(problem("RS256"), HasSubstr("must be an algorithm and a file"));
  EXPECT_THAT(problem("RS256 "), HasSubstr("must be an algorithm and a file"));
  EXPECT_THAT(problem("none " + rsa), HasSubstr("must be an algorithm and a file"));
  EXPECT_THAT(problem("HS256 " + rsa), AllOf(HasSubstr("k1"), HasSubstr("whose keys are secrets")));
  EXPECT_THAT(problem("ES256 " + rsa), HasSubstr("another kind"));
  EXPECT_THAT(problem("RS256 /nonexistent"), HasSubstr("No such file"));
  EXPECT_THAT(problem("RS256 " + write("1024", SigningKey::rsa(1024).public_pem())),
              HasSubstr("less than 2048 bits"));
  EXPECT_THAT(problem("ES256 " + write("private", SigningKey::ec("P-256").private_pem())),
              HasSubstr("private key"));
}

TEST_F(ConfigAuthTest, a_set_in_a_file_may_hold_secrets) {
  AuthConfig config;
  config.jwks_file = write(
      "set", fmt::format(R"({{"keys":[{{{},"kid":"e"}},{{"kty":"oct","kid":"s","alg":"HS256",)"
                         R"("k":"ZDlRbTR2VDd4S3Ayc1I4eUx3M3pCbjZjSmYxZ0hhNWU"}}]}})",
                         SigningKey::ed25519().jwk_members()));
  const std::vector<auth::Key> keys = token_keys(config);
  ASSERT_EQ(keys.size(), 2u);
  EXPECT_EQ(keys[0].algorithm, Algorithm::eddsa);
  EXPECT_EQ(keys[1].material, kSecret);
}

TEST_F(ConfigAuthTest, a_set_in_a_file_is_refused_whole) {
  const auto problem = [this](const std::string& text) {
    AuthConfig config;
    config.jwks_file = write("set", text);
    return problem_of(config);
  };
  EXPECT_THAT(problem("[]"), HasSubstr("RFC 7517"));
  EXPECT_THAT(problem(R"({"keys":[]})"), HasSubstr("no key"));
  EXPECT_THAT(problem(R"({"keys":[{"kty":"RSA","kid":"k9","n":"AQAB","e":"AQAB"}]})"),
              AllOf(HasSubstr("k9"), HasSubstr("2048")));
  EXPECT_THAT(problem(R"({"keys":[{"kty":"oct","kid":"w","alg":"HS256","k":"c2VjcmV0"}]})"),
              AllOf(HasSubstr("can be guessed"), testing::Not(HasSubstr("c2VjcmV0"))));
}

TEST_F(ConfigAuthTest, a_secret_is_as_long_as_its_hash) {
  AuthConfig config;
  config.secret = kSecret;
  EXPECT_EQ(problem_of(config), "");
  config.algorithm = "HS384";
  EXPECT_THAT(problem_of(config), HasSubstr("at least 48"));
  config.secret += "Zt5Wq8Xe2Rv9Ym4K";
  EXPECT_EQ(problem_of(config), "");
  config.algorithm = "HS512";
  EXPECT_THAT(problem_of(config), HasSubstr("at least 64"));
  EXPECT_EQ(problem_of(config, true), "") << "a development run";
}

TEST_F(ConfigAuthTest, a_public_key_in_place_of_a_secret_is_refused) {
  AuthConfig config;
  config.secret = SigningKey::rsa().public_pem();
  EXPECT_THAT(problem_of(config), HasSubstr("no secret"));
}

TEST_F(ConfigAuthTest, required_claims_are_names_with_or_without_a_text) {
  Config config;
  config.auth.required_claims = {"tenant", "env=live", "note=a=b"};
  const auth::TokenPolicy policy = token_policy(config);
  ASSERT_EQ(policy.required_claims.size(), 3u);
  EXPECT_FALSE(policy.required_claims[0].text);
  EXPECT_EQ(policy.required_claims[1].text, "live");
  EXPECT_EQ(policy.required_claims[2].text, "a=b");
  config.auth.secret = kSecret;
  config.auth.required_claims = {"=x"};
  EXPECT_THAT(problem_of(config.auth), HasSubstr("names no claim"));
}

}  // namespace
}  // namespace outcry::config
