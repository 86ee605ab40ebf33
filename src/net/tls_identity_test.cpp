#include "net/tls_identity.h"

#include <gtest/gtest.h>

#include "net/tls_for_test.h"

namespace outcry::net {
namespace {

using test::load_certificate;
using test::make_certificate;
using test::make_identity;
using test::Pem;

TEST(TlsIdentity, a_name_finds_its_certificate_in_any_case) {
  const auto identity = make_identity({{"default.example"}, {"a.example", "B.Example"}});
  EXPECT_EQ(identity->find("a.example"), 1u);
  EXPECT_EQ(identity->find("A.EXAMPLE"), 1u);
  EXPECT_EQ(identity->find("b.example"), 1u);
  EXPECT_EQ(identity->find("default.example"), 0u);
}

TEST(TlsIdentity, a_wildcard_stands_for_one_label) {
  const auto identity = make_identity({{"default.example"}, {"*.example.net"}, {"x.example.net"}});
  EXPECT_EQ(identity->find("a.example.net"), 1u);
  EXPECT_EQ(identity->find("x.example.net"), 2u) << "the exact name goes before it";
  for (const char* other : {"a.b.example.net", "example.net", ".example.net", "*", "net"}) {
    EXPECT_EQ(identity->find(other), 0u) << other;
  }
}

TEST(TlsIdentity, a_name_that_nobody_has_gets_the_first) {
  const auto identity = make_identity({{"default.example"}, {"a.example"}});
  for (const std::string& other : {std::string(), std::string("."), std::string("a.example."),
                                   std::string("a.example\0.b", 13), std::string(5'000, 'a')}) {
    EXPECT_EQ(identity->find(other), 0u) << other.substr(0, 20);
  }
}

TEST(TlsIdentity, a_name_of_two_certificates_is_noted) {
  EXPECT_EQ(make_identity({{"a.example"}, {"b.example"}})->repeated_name(), "");
  EXPECT_EQ(make_identity({{"a.example", "a.example"}})->repeated_name(), "");
  const auto twice = make_identity({{"a.example"}, {"b.example", "a.example"}});
  EXPECT_EQ(twice->repeated_name(), "a.example");
  EXPECT_EQ(twice->find("a.example"), 0u);
}

TEST(TlsIdentity, what_a_client_would_notice_is_a_difference) {
  const Pem pem = make_certificate(), other = make_certificate();
  const auto identity = [](const std::vector<Pem>& pems, TlsVersion version = TlsVersion::tls_1_2) {
    std::vector<TlsCertificate> all;
    for (const Pem& one : pems) all.push_back(load_certificate(one));
    return std::make_shared<TlsIdentity>(std::move(all), version);
  };
  const auto first = identity({pem});
  EXPECT_TRUE(first->same_as(*identity({pem})));
  EXPECT_FALSE(first->same_as(*identity({other})));
  EXPECT_FALSE(first->same_as(*identity({pem, other})));
  EXPECT_FALSE(first->same_as(*identity({pem}, TlsVersion::tls_1_3)));
  const test::TestDirectory directory;
  const auto strict = identity({pem});
  EXPECT_EQ(strict->require_clients_of(directory.write("ca", other.certificate)),
            std::error_code());
  EXPECT_FALSE(first->same_as(*strict));
}

TEST(TlsIdentity, the_roots_of_clients_must_be_certificates) {
  const test::TestDirectory directory;
  for (const std::string& bad : {directory.path("none"), directory.write("empty", ""),
                                 directory.write("key", make_certificate().key)}) {
    EXPECT_EQ(make_identity()->require_clients_of(bad), TlsError::client_ca_unreadable) << bad;
  }
}

}  // namespace
}  // namespace outcry::net
