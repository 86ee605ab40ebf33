#include "net/ip_network.h"

#include <gtest/gtest.h>

namespace outcry::net {
namespace {

IpNetwork network(std::string_view text, unsigned bits = 64) {
  return {IpAddress::parse(text).value(), bits};
}

TEST(IpNetworkTest, an_address_of_ipv4_is_itself) {
  EXPECT_EQ(network("192.0.2.1").text(64), "192.0.2.1");
  EXPECT_EQ(network("192.0.2.1"), network("::ffff:192.0.2.1"));
  EXPECT_NE(network("192.0.2.1"), network("192.0.2.2"));
  EXPECT_EQ(network("255.255.255.255", 16).text(16), "255.255.255.255");
  EXPECT_FALSE(network("0.0.0.0").is_nobody());
}

TEST(IpNetworkTest, of_ipv6_the_first_bits_count) {
  EXPECT_EQ(network("2001:db8:1:2:3:4:5:6").text(64), "2001:db8:1:2::/64");
  EXPECT_EQ(network("2001:db8:1:2::1"), network("2001:db8:1:2:ffff::"));
  EXPECT_NE(network("2001:db8:1:2::1"), network("2001:db8:1:3::1"));
  EXPECT_EQ(network("2001:db8:0:11::1", 56), network("2001:db8:0:12::1", 56));
  EXPECT_NE(network("2001:db8:0:11::1", 56), network("2001:db8:0:111::1", 56));
  EXPECT_EQ(network("2001:db8:ffff::1", 32).text(32), "2001:db8::/32");
}

TEST(IpNetworkTest, its_text_is_read_again) {
  for (const char* text : {"192.0.2.1", "10.0.0.0", "2001:db8:1:2::/64"}) {
    const auto read = IpNetwork::parse(text, 64);
    ASSERT_TRUE(read) << text;
    EXPECT_EQ(read->text(64), text);
  }
  EXPECT_EQ(IpNetwork::parse("2001:db8::77", 64), network("2001:db8::1"));
  for (const char* text : {"", "alice", "192.0.2.0/24", "2001:db8::/48", "2001:db8::/", "::/x"}) {
    EXPECT_FALSE(IpNetwork::parse(text, 64)) << text;
  }
}

TEST(IpNetworkTest, nobody_has_no_address) {
  EXPECT_TRUE(IpNetwork().is_nobody());
  EXPECT_EQ(IpNetwork().text(64), "");
}

}  // namespace
}  // namespace outcry::net
