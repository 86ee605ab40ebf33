#include "net/ip_range.h"

#include <string>

#include <gtest/gtest.h>

namespace outcry::net {
namespace {

bool has(const char* range, const char* address) {
  return IpRange::parse(range).value().contains(IpAddress::parse(address).value());
}

TEST(IpAddress, is_read_and_written_in_both_families) {
  for (const char* text : {"192.0.2.1", "0.0.0.0", "2001:db8::1", "::", "::1"}) {
    EXPECT_EQ(IpAddress::parse(text).value().text(), text);
  }
  EXPECT_EQ(IpAddress::parse("::ffff:192.0.2.1").value(), IpAddress::parse("192.0.2.1").value());
  for (const std::string& bad :
       {std::string(""), std::string("192.0.2"), std::string("192.0.2.256"),
        std::string("192.0.2.01"), std::string("[::1]"), std::string("::1%lo"),
        std::string("127.0.0.1:80"), std::string(" 127.0.0.1"), std::string("127.0.0.1\0", 10),
        std::string(100, '1'), std::string("localhost"), std::string("0x7f000001")}) {
    EXPECT_FALSE(IpAddress::parse(bad)) << bad;
  }
}

TEST(IpAddress, knows_this_machine) {
  for (const char* own : {"127.0.0.1", "127.255.0.9", "::1", "::ffff:127.0.0.1"}) {
    EXPECT_TRUE(IpAddress::parse(own).value().is_loopback()) << own;
  }
  for (const char* other : {"128.0.0.1", "0.0.0.0", "::", "::2", "::127.0.0.1", "fe80::1"}) {
    EXPECT_FALSE(IpAddress::parse(other).value().is_loopback()) << other;
  }
}

TEST(IpRange, has_the_addresses_with_its_prefix) {
  EXPECT_TRUE(has("10.0.0.0/8", "10.255.255.255"));
  EXPECT_FALSE(has("10.0.0.0/8", "11.0.0.0"));
  EXPECT_TRUE(has("192.0.2.128/25", "192.0.2.128"));
  EXPECT_FALSE(has("192.0.2.128/25", "192.0.2.127"));
  EXPECT_TRUE(has("192.0.2.7", "192.0.2.7"));
  EXPECT_FALSE(has("192.0.2.7", "192.0.2.6"));
  EXPECT_TRUE(has("2001:db8::/33", "2001:db8:7fff::1"));
  EXPECT_FALSE(has("2001:db8::/33", "2001:db8:8000::1"));
  EXPECT_TRUE(has("2001:db8::7/128", "2001:db8::7"));
}

TEST(IpRange, ipv4_is_one_family_however_it_arrives) {
  EXPECT_TRUE(has("10.0.0.0/8", "::ffff:10.1.2.3"));
  EXPECT_TRUE(has("::ffff:10.0.0.0/104", "10.1.2.3"));
  EXPECT_TRUE(has("0.0.0.0/0", "192.0.2.7"));
  EXPECT_FALSE(has("0.0.0.0/0", "2001:db8::7")) << "all of IPv4, and no more";
  EXPECT_TRUE(has("::/0", "192.0.2.7"));
}

TEST(IpRange, a_text_that_means_something_else_is_refused) {
  for (const char* bad :
       {"10.0.0.1/8", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/8 ", "10.0.0.0/8/8",
        "10/8", "2001:db8::/129", "2001:db8::1/32", "/8", "", "example.com", "*", "10.0.0.0/0x8"}) {
    EXPECT_FALSE(IpRange::parse(bad)) << bad;
  }
}

TEST(IpRange, a_list_has_what_any_of_it_has) {
  const IpRange both[] = {IpRange::parse("10.0.0.0/8").value(), IpRange::parse("::1").value()};
  EXPECT_TRUE(contains(both, IpAddress::parse("10.1.1.1").value()));
  EXPECT_TRUE(contains(both, IpAddress::parse("::1").value()));
  EXPECT_FALSE(contains(both, IpAddress::parse("127.0.0.1").value()));
  EXPECT_FALSE(contains({}, IpAddress::parse("10.1.1.1").value()));
}

}  // namespace
}  // namespace outcry::net
