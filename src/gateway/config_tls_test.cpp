#include "gateway/config_tls.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "net/tls_for_test.h"

namespace outcry::gateway {
namespace {

using net::test::make_certificate;
using net::test::Pem;
using std::chrono::hours;
using testing::AllOf;
using testing::HasSubstr;

class ConfigTlsTest : public testing::Test {
 protected:
  /// Of a production run whose only peculiarity is the pair.
  LoadedConfig load(const std::string& certificate, const std::string& key,
                    const std::string& more = {}) {
    const std::string file =
        directory_.write("outcry.toml", "[server]\ntls_certificate_file = \"" + certificate +
                                            "\"\ntls_key_file = \"" + key + "\"\n" + more);
    return load_config({.file = file,
                        .environment = {{"OUTCRY_AUTH_SECRET", "d9Qm4vT7xKp2sR8yLw3zBn6cJf1gHa5e"},
                                        {"OUTCRY_OPERATIONS_API_KEYS", "0f8c2Zb7Qw4Lk9Xs"}}});
  }
  std::string error_of(const std::string& certificate, const std::string& key,
                       const std::string& more = {}) {
    try {
      (void)load(certificate, key, more);
    } catch (const ConfigError& error) {
      return error.what();
    }
    return {};
  }
  std::string error_of(const Pem& pem) {
    return error_of(directory_.write("certificate.pem", pem.certificate),
                    directory_.write("key.pem", pem.key));
  }

  const net::test::TestDirectory directory_;
  const Pem good_ = make_certificate();
  const std::string certificate_ = directory_.write("good.pem", good_.certificate);
  const std::string key_ = directory_.write("good.key", good_.key);
};

TEST_F(ConfigTlsTest, a_pair_that_fits_is_taken) {
  const Config config = load(certificate_, key_, "tls_version_min = \"1.3\"\n").config;
  EXPECT_EQ(config.server.tls_version_min, "1.3");
  EXPECT_NE(tls_identity(config.server), nullptr);
}

TEST_F(ConfigTlsTest, without_the_keys_there_is_no_tls) {
  EXPECT_EQ(tls_identity(load("", "").config.server), nullptr);
}

TEST_F(ConfigTlsTest, one_of_the_two_is_refused) {
  EXPECT_THAT(error_of(certificate_, ""), HasSubstr("set both for TLS, or none"));
  EXPECT_THAT(error_of("", key_), HasSubstr("set both for TLS, or none"));
}

TEST_F(ConfigTlsTest, versions_that_nobody_should_speak_cannot_be_set) {
  EXPECT_THAT(error_of(certificate_, key_, "tls_version_min = \"1.1\"\n"),
              HasSubstr("server.tls_version_min must be one of 1.2, 1.3"));
}

TEST_F(ConfigTlsTest, a_file_that_cannot_be_used_is_named_with_the_reason) {
  EXPECT_THAT(error_of("none.pem", key_),
              AllOf(HasSubstr("server.tls_certificate_file: can't read \"none.pem\""),
                    HasSubstr("No such file")));
  EXPECT_THAT(
      error_of(certificate_, "none.key"),
      AllOf(HasSubstr("server.tls_key_file: can't read \"none.key\""), HasSubstr("No such file")));
  EXPECT_THAT(error_of(key_, key_), HasSubstr("has no certificate in PEM form"));
  EXPECT_THAT(error_of(certificate_, certificate_), HasSubstr("has no private key in PEM form"));
}

TEST_F(ConfigTlsTest, a_pair_that_clients_would_refuse_is_refused_at_start) {
  EXPECT_THAT(error_of({.certificate = good_.certificate, .key = make_certificate().key}),
              AllOf(HasSubstr("server.tls_key_file"), HasSubstr("isn't that of the first")));
  EXPECT_THAT(error_of(make_certificate({.valid_from = hours(-9), .valid_until = hours(-1)})),
              AllOf(HasSubstr("server.tls_certificate_file"), HasSubstr("expired; renew it")));
  EXPECT_THAT(error_of(make_certificate({.valid_from = hours(1)})), HasSubstr("the clock"));
  EXPECT_THAT(error_of(make_certificate({.rsa_bits = 1024})), HasSubstr("2048 bits"));
  EXPECT_THAT(error_of(make_certificate({.passphrase = "secret"})),
              AllOf(HasSubstr("openssl pkey"), testing::Not(HasSubstr("secret"))));
}

TEST_F(ConfigTlsTest, a_pair_that_was_replaced_after_the_check_is_told_the_same_way) {
  const Config config = load(certificate_, key_).config;
  directory_.write("good.key", "");
  EXPECT_THROW((void)tls_identity(config.server), ConfigError);
}

}  // namespace
}  // namespace outcry::gateway
