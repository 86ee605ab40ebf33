#include "config/tls.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "net/tls_for_test.h"

namespace outcry::config {
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
  EXPECT_NE(clients_tls(config.server), nullptr);
}

TEST_F(ConfigTlsTest, without_the_keys_there_is_no_tls) {
  EXPECT_EQ(clients_tls(load("", "").config.server), nullptr);
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
  EXPECT_THROW((void)clients_tls(config.server), ConfigError);
}

TEST_F(ConfigTlsTest, further_certificates_serve_the_names_that_they_have) {
  const Pem shop = make_certificate({.names = "DNS:shop.example"});
  const std::string pair = "{ \"" + directory_.write("shop.pem", shop.certificate) + "\" = \"" +
                           directory_.write("shop.key", shop.key) + "\" }\n";
  const auto identity =
      clients_tls(load(certificate_, key_, "tls_certificates = " + pair).config.server);
  EXPECT_EQ(identity->find("shop.example"), 1u);
  EXPECT_EQ(identity->find("localhost"), 0u);
  EXPECT_THAT(error_of("", "", "tls_certificates = " + pair),
              HasSubstr("server.tls_certificates: these are further ones"));
}

TEST_F(ConfigTlsTest, a_further_certificate_must_be_of_use) {
  const Pem nameless = make_certificate({.names = nullptr});
  const std::string bare = "tls_certificates = { \"" +
                           directory_.write("bare.pem", nameless.certificate) + "\" = \"" +
                           directory_.write("bare.key", nameless.key) + "\" }\n";
  EXPECT_THAT(error_of(certificate_, key_, bare), HasSubstr("names no host"));
  const Pem a = make_certificate({.names = "DNS:a.example"});
  const std::string file = directory_.write("a.pem", a.certificate);
  const std::string key = directory_.write("a.key", a.key);
  const std::string again = "tls_certificates = { \"" + file + "\" = \"" + key + "\" }\n";
  EXPECT_THAT(error_of(file, key, again), HasSubstr("\"a.example\" is a name of two"));
  const std::string wrong = "tls_certificates = { \"" + file + "\" = \"" + key_ + "\" }\n";
  EXPECT_THAT(error_of(certificate_, key_, wrong),
              AllOf(HasSubstr("server.tls_certificates: the key in"), HasSubstr("isn't that of")));
}

TEST_F(ConfigTlsTest, the_operations_port_has_a_pair_of_its_own) {
  const std::string section = "[operations]\n";
  const std::string pair = section + "tls_certificate_file = \"" + certificate_ +
                           "\"\ntls_key_file = \"" + key_ + "\"\n";
  const std::string ca = "tls_client_ca_file = \"";
  EXPECT_NE(operations_tls(load("", "", pair).config.operations), nullptr);
  EXPECT_EQ(operations_tls(load("", "").config.operations), nullptr);
  EXPECT_EQ(error_of("", "", pair + ca + certificate_ + "\"\n"), "");
  EXPECT_THAT(error_of("", "", pair + ca + key_ + "\"\n"),
              HasSubstr("operations.tls_client_ca_file"));
  EXPECT_THAT(error_of("", "", section + ca + certificate_ + "\"\n"), HasSubstr("needs"));
  EXPECT_THAT(error_of("", "", section + "tls_key_file = \"" + key_ + "\"\n"),
              HasSubstr("operations.tls_certificate_file and operations.tls_key_file: set both"));
}

}  // namespace
}  // namespace outcry::config
