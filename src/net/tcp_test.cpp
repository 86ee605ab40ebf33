#include "net/tcp.h"

#include <gtest/gtest.h>

namespace outcry::net {
namespace {

TEST(HostPort, reads_both_families_and_refuses_the_rest) {
  EXPECT_EQ(parse_host_port("127.0.0.1:5000")->port, 5000);
  EXPECT_EQ(parse_host_port("[::1]:80")->host, "::1");
  for (const char* bad : {"", "5000", "127.0.0.1", "127.0.0.1:", "127.0.0.1:70000", "localhost:1",
                          "127.0.0.1:80x", "1.2.3:80"}) {
    EXPECT_FALSE(parse_host_port(bad)) << bad;
  }
}

TEST(Tcp, two_listeners_share_one_port) {
  const auto first = listen_tcp({"127.0.0.1", 0});
  ASSERT_TRUE(first);
  const std::uint16_t port = local_port(first->get());
  EXPECT_NE(port, 0);
  EXPECT_TRUE(listen_tcp({"127.0.0.1", port}));
}

TEST(Tcp, accepting_without_a_waiting_connection_would_block) {
  const auto listener = listen_tcp({"127.0.0.1", 0});
  ASSERT_TRUE(listener);
  const auto accepted = accept_tcp(listener->get());
  ASSERT_FALSE(accepted);
  EXPECT_TRUE(would_block(accepted.error()));
}

}  // namespace
}  // namespace outcry::net
