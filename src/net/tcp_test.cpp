#include "net/tcp.h"

#include <cerrno>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <vector>

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

TEST(Tcp, who_finds_no_place_in_the_backlog_is_not_refused) {
  const auto listener = listen_tcp({"127.0.0.1", 0}, 1);
  ASSERT_TRUE(listener);
  sockaddr_in target{};
  target.sin_family = AF_INET;
  target.sin_port = htons(local_port(listener->get()));
  target.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  std::vector<UniqueFd> peers;
  for (int i = 0; i < 8; ++i) {
    peers.emplace_back(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    const auto* address = reinterpret_cast<const sockaddr*>(&target);
    const int done = ::connect(peers.back().get(), address, sizeof(target));
    EXPECT_TRUE(done == 0 || errno == EINPROGRESS) << i;
  }
  int accepted = 0;
  while (accept_tcp(listener->get())) ++accepted;
  EXPECT_GT(accepted, 0);
  EXPECT_LT(accepted, 8) << "the kernel keeps one more than asked for";
  for (const UniqueFd& peer : peers) {
    int error = -1;
    socklen_t size = sizeof(error);
    ASSERT_EQ(::getsockopt(peer.get(), SOL_SOCKET, SO_ERROR, &error, &size), 0);
    EXPECT_EQ(error, 0);
  }
}

TEST(Tcp, the_kernels_limit_of_a_backlog_is_known) {
  EXPECT_GT(backlog_limit().value_or(0), 0);
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
    EXPECT_EQ(accepted->peer_address.text(), "127.0.0.1") << host;
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
