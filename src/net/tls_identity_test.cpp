#include "net/tls_identity.h"

#include <gtest/gtest.h>

#include "net/tls_for_test.h"

namespace outcry::net {
namespace {

using std::chrono::hours;
using test::CertificateWish;
using test::make_certificate;
using test::Pem;

class TlsIdentityTest : public testing::Test {
 protected:
  std::error_code load(const Pem& pem, WallTime now = wall_now()) {
    return load_files(directory_.write("certificate.pem", pem.certificate),
                      directory_.write("key.pem", pem.key), now);
  }
  std::error_code load_files(const std::string& certificate, const std::string& key,
                             WallTime now = wall_now()) {
    const auto identity =
        TlsIdentity::load({.certificate_file = certificate, .key_file = key}, now);
    return identity ? std::error_code() : identity.error();
  }

  const test::TestDirectory directory_;
};

TEST_F(TlsIdentityTest, keys_of_both_kinds_and_chains_are_taken) {
  EXPECT_EQ(load(make_certificate()), std::error_code());
  EXPECT_EQ(load(make_certificate({.rsa_bits = 2048})), std::error_code());
  EXPECT_EQ(load(make_certificate({.intermediate = true})), std::error_code());
}

TEST_F(TlsIdentityTest, files_that_are_missing_empty_or_something_else_are_told_apart) {
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

TEST_F(TlsIdentityTest, a_chain_that_is_cut_short_is_refused) {
  Pem pem = make_certificate({.intermediate = true});
  pem.certificate.resize(pem.certificate.size() - 80);
  EXPECT_EQ(load(pem), TlsError::certificate_unreadable);
}

TEST_F(TlsIdentityTest, a_key_behind_a_passphrase_is_refused_without_asking) {
  EXPECT_EQ(load(make_certificate({.passphrase = "secret"})), TlsError::key_encrypted);
}

TEST_F(TlsIdentityTest, the_key_must_be_the_first_certificates) {
  const Pem one = make_certificate(), other = make_certificate();
  EXPECT_EQ(load({.certificate = one.certificate, .key = other.key}), TlsError::mismatch);
  EXPECT_EQ(load({.certificate = one.certificate + other.certificate, .key = other.key}),
            TlsError::mismatch);
}

TEST_F(TlsIdentityTest, every_certificate_must_be_valid_now) {
  const Pem pem = make_certificate({.valid_from = hours(-1), .valid_until = hours(1)});
  EXPECT_EQ(load(pem, wall_now() + hours(2)), TlsError::expired);
  EXPECT_EQ(load(pem, wall_now() - hours(2)), TlsError::not_yet_valid);
  const Pem old = make_certificate({.valid_from = hours(-9), .valid_until = hours(-1)});
  EXPECT_EQ(load({.certificate = pem.certificate + old.certificate, .key = pem.key}),
            TlsError::expired);
}

TEST_F(TlsIdentityTest, a_key_that_is_too_short_is_refused) {
  EXPECT_EQ(load(make_certificate({.rsa_bits = 1024})), TlsError::refused);
}

}  // namespace
}  // namespace outcry::net
