#include "common/loopback.h"

#include <gtest/gtest.h>

namespace outcry::bench {
namespace {

TEST(Loopback, a_literal_of_this_machine_is_taken) {
  const auto address = parse_loopback("127.0.0.1:5000");
  ASSERT_TRUE(address.has_value());
  EXPECT_EQ(ntohs(address->sin_port), 5000);
  EXPECT_TRUE(parse_loopback("127.255.0.9:65535").has_value());
}

TEST(Loopback, everything_else_is_refused) {
  for (const char* address :
       {"", "127.0.0.1", "127.0.0.1:", "127.0.0.1:0", "127.0.0.1:65536", "127.0.0.1:80x",
        "localhost:80", "10.0.0.1:80", "128.0.0.1:80", "0.0.0.0:80", "[::1]:80", "127.1:80"}) {
    EXPECT_FALSE(parse_loopback(address).has_value()) << address;
  }
}

}  // namespace
}  // namespace outcry::bench
