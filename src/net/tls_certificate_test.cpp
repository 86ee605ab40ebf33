#include "net/tls_certificate.h"

#include <gtest/gtest.h>

#include "net/tls_for_test.h"

namespace outcry::net {
namespace {

using std::chrono::hours;
using test::load_certificate;
using test::make_certificate;
using test::Pem;

class TlsCertificateTest : public testing::Test {
 protected:
  std::error_code load(const Pem& pem, WallTime now = wall_now()) {
    return load_files(directory_.write("certificate.pem", pem.certificate),
                      directory_.write("key.pem", pem.key), now);
  }
  std::error_code load_files(const std::string& certificate, const std::string& key,
                             WallTime now = wall_now()) {
    const auto loaded = TlsCertificate::load({.certificate = certificate, .key = key}, now);
    return loaded ? std::error_code() : loaded.error();
  }

  const test::TestDirectory directory_;
};

TEST_F(TlsCertificateTest, keys_of_both_kinds_and_chains_are_taken) {
  EXPECT_EQ(load(make_certificate()), std::error_code());
  EXPECT_EQ(load(make_certificate({.rsa_bits = 2048})), std::error_code());
  EXPECT_EQ(load(make_certificate({.intermediate = true})), std::error_code());
}

TEST_F(TlsCertificateTest, files_that_are_missing_empty_or_something_else_are_told_apart) {
  const Pem pem = make_certificate();
  const std::string certificate = directory_.write("c", pem.certificate);
  const std::string key = directory_.write("k", pem.key);
  const std::string empty = directory_.write("empty", "");
  for (const std::string& bad : {directory_.path("none"), directory_.path(""), empty}) {
    EXPECT_EQ(load_files(bad, key), TlsError::certificate_unreadable) << bad;
    EXPECT_EQ(load_files(certificate, bad), TlsError::key_unreadable) << bad;
  }
  EXPECT_EQ(load_files(key, key), TlsError::certificate_unreadable);
  EXPECT_EQ(load_files(certificate, certificate), TlsError::key_unreadable);
}

TEST_F(TlsCertificateTest, a_chain_that_is_cut_short_is_refused) {
  Pem pem = make_certificate({.intermediate = true});
  pem.certificate.resize(pem.certificate.size() - 80);
  EXPECT_EQ(load(pem), TlsError::certificate_unreadable);
}

TEST_F(TlsCertificateTest, a_key_behind_a_passphrase_is_refused_without_asking) {
  EXPECT_EQ(load(make_certificate({.passphrase = "secret"})), TlsError::key_encrypted);
}

TEST_F(TlsCertificateTest, the_key_must_be_the_first_certificates) {
  const Pem one = make_certificate(), other = make_certificate();
  EXPECT_EQ(load({.certificate = one.certificate, .key = other.key}), TlsError::mismatch);
  EXPECT_EQ(load({.certificate = one.certificate + other.certificate, .key = other.key}),
            TlsError::mismatch);
}

TEST_F(TlsCertificateTest, every_certificate_must_be_valid_now) {
  const Pem pem = make_certificate({.valid_from = hours(-1), .valid_until = hours(1)});
  EXPECT_EQ(load(pem, wall_now() + hours(2)), TlsError::expired);
  EXPECT_EQ(load(pem, wall_now() - hours(2)), TlsError::not_yet_valid);
  const Pem old = make_certificate({.valid_from = hours(-9), .valid_until = hours(-1)});
  EXPECT_EQ(load({.certificate = pem.certificate + old.certificate, .key = pem.key}),
            TlsError::expired);
}

TEST_F(TlsCertificateTest, a_key_that_is_too_short_is_refused) {
  EXPECT_EQ(load(make_certificate({.rsa_bits = 1024})), TlsError::refused);
}

TEST_F(TlsCertificateTest, it_knows_its_names_and_its_end) {
  const TlsCertificate named =
      load_certificate(make_certificate({.names = "DNS:A.example,DNS:*.b.example"}));
  EXPECT_EQ(named.names(), (std::vector<std::string>{"a.example", "*.b.example"}));
  EXPECT_EQ(named.label(), "a.example");
  const TlsCertificate bare =
      load_certificate(make_certificate({.valid_until = hours(48), .names = nullptr}));
  EXPECT_TRUE(bare.names().empty());
  EXPECT_EQ(bare.label(), "localhost");
  EXPECT_LT(bare.not_after(), wall_now() + hours(49));
  EXPECT_GT(bare.not_after(), wall_now() + hours(47));
}

TEST_F(TlsCertificateTest, it_ends_with_the_first_of_its_chain) {
  Pem pem = make_certificate({.valid_until = hours(100)});
  pem.certificate += make_certificate({.valid_until = hours(10)}).certificate;
  EXPECT_LT(load_certificate(pem).not_after(), wall_now() + hours(11));
}

TEST_F(TlsCertificateTest, another_chain_is_another_certificate) {
  const Pem pem = make_certificate();
  const std::string issuer = make_certificate().certificate;
  EXPECT_TRUE(load_certificate(pem).same_as(load_certificate(pem)));
  EXPECT_FALSE(load_certificate(pem).same_as(
      load_certificate({.certificate = pem.certificate + issuer, .key = pem.key})));
}

}  // namespace
}  // namespace outcry::net
