#include "net/tcp.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

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

TEST(Tcp, an_ipv4_peer_has_one_address_on_either_listener) {
  for (const std::string host : {"127.0.0.1", "::"}) {
    const auto listener = listen_tcp({host, 0});
    if (!listener && host == "::") GTEST_SKIP() << "no IPv6 here";
    ASSERT_TRUE(listener) << host;
    const UniqueFd peer(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in target{};
    target.sin_family = AF_INET;
    target.sin_port = htons(local_port(listener->get()));
    target.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ASSERT_EQ(::connect(peer.get(), reinterpret_cast<const sockaddr*>(&target), sizeof(target)), 0);
    const auto accepted = accept_tcp(listener->get());
    ASSERT_TRUE(accepted) << host;
    EXPECT_EQ(accepted->peer_address, "127.0.0.1") << host;
    int no_delay = 0;
    socklen_t size = sizeof(no_delay);
    ASSERT_EQ(::getsockopt(accepted->fd.get(), IPPROTO_TCP, TCP_NODELAY, &no_delay, &size), 0);
    EXPECT_EQ(no_delay, 1) << host;
  }
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
