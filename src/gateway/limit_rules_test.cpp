#include "gateway/limit_rules.h"

#include <gtest/gtest.h>

namespace outcry::gateway {
namespace {

net::IpAddress address(std::string_view text) {
  return net::IpAddress::parse(text).value();
}

const limits::KeyHash kHash = limits::KeyHash::random();

TEST(LimitRulesTest, networks_of_ipv6_are_one_and_addresses_of_ipv4_are_many) {
  const LimitRules rules({.ipv6_prefix_bits = 56}, kHash);
  const auto key = [&](std::string_view text) { return rules.address_key(address(text)); };
  EXPECT_EQ(key("2001:db8:0:11::1"), key("2001:db8:0:12:ffff::2"));
  EXPECT_NE(key("2001:db8:0:11::1"), key("2001:db8:0:111::1"));
  EXPECT_EQ(key("192.0.2.1"), key("::ffff:192.0.2.1"));
  EXPECT_NE(key("192.0.2.1"), key("192.0.2.2"));
}

TEST(LimitRulesTest, an_exempt_address_is_nobody) {
  const LimitRules rules({.exempt_addresses = {"10.0.0.0/8", "2001:db8::1"}}, kHash);
  EXPECT_EQ(rules.address_key(address("10.1.2.3")), limits::kNobody);
  EXPECT_EQ(rules.address_key(address("2001:db8::1")), limits::kNobody);
  EXPECT_NE(rules.address_key(address("2001:db8::2")), limits::kNobody)
      << "its network is not, though they are counted as one";
  EXPECT_NE(rules.address_key(address("127.0.0.1")), limits::kNobody);
}

TEST(LimitRulesTest, this_machine_is_exempt_by_default) {
  const LimitRules rules({}, kHash);
  for (const char* text : {"127.0.0.1", "127.8.7.6", "::1", "::ffff:127.0.0.1"}) {
    EXPECT_EQ(rules.address_key(address(text)), limits::kNobody) << text;
  }
}

TEST(LimitRulesTest, a_reload_knows_users_and_addresses_again) {
  const LimitRules before({}, kHash), after({.user_sockets_max = 1}, kHash);
  EXPECT_EQ(before.user_key("alice"), after.user_key("alice"));
  EXPECT_EQ(before.address_key(address("192.0.2.1")), after.address_key(address("192.0.2.1")));
  EXPECT_NE(before.user_key("alice"), before.user_key("alicf"));
}

}  // namespace
}  // namespace outcry::gateway
