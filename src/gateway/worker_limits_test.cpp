#include "gateway/worker_limits.h"

#include <gtest/gtest.h>

namespace outcry::gateway {
namespace {

using limits::Limit;
using namespace std::chrono_literals;

net::IpAddress address(std::string_view text) {
  return net::IpAddress::parse(text).value();
}

const limits::KeyHash kHash = limits::KeyHash::random();
const net::IpAddress kOffice = address("192.0.2.1"), kHome = address("2001:db8::1");
const TimePoint kNow{1'000s};

config::LimitsConfig config() {
  return {.address_connections_max = 3,
          .address_connects_per_second = 2,
          .address_connects_burst = 5,
          .user_packets_per_second = 10,
          .user_packets_burst = 4,
          .user_bytes_per_second = 100,
          .user_bytes_burst = 1'000,
          .user_joins_per_second = 1,
          .user_joins_burst = 2};
}

std::shared_ptr<const LimitRules> rules_of(const config::LimitsConfig& config) {
  return std::make_shared<const LimitRules>(config, kHash);
}

class WorkerLimitsTest : public testing::Test {
 protected:
  std::uint64_t refused(Limit limit) const {
    return limits_.counts().refused[static_cast<std::size_t>(limit)];
  }
  void use(const config::LimitsConfig& config) { limits_.use(rules_of(config)); }

  const LimitRules rules_{config(), kHash};
  WorkerLimits limits_{rules_of(config())};
};

TEST_F(WorkerLimitsTest, an_address_has_so_many_connections_and_not_one_more) {
  for (int i = 0; i < 3; ++i) {
    EXPECT_FALSE(limits_.may_connect(kOffice, kNow));
    limits_.on_connect(kOffice);
  }
  const auto away = limits_.may_connect(kOffice, kNow);
  ASSERT_TRUE(away);
  EXPECT_EQ(away->status, 429);
  EXPECT_GT(away->retry_after, 0ms);
  EXPECT_EQ(refused(Limit::address_connections), 1u);
  EXPECT_FALSE(limits_.may_connect(kHome, kNow));
  limits_.on_disconnect(kOffice);
  EXPECT_FALSE(limits_.may_connect(kOffice, kNow));
}

TEST_F(WorkerLimitsTest, a_network_of_ipv6_is_one_address) {
  for (const char* text : {"2001:db8::1", "2001:db8::2", "2001:db8::ffff:1"}) {
    limits_.on_connect(address(text));
  }
  EXPECT_TRUE(limits_.may_connect(address("2001:db8::77"), kNow));
  EXPECT_FALSE(limits_.may_connect(address("2001:db8:0:1::77"), kNow));
}

TEST_F(WorkerLimitsTest, an_address_opens_so_many_sessions_at_once_and_then_so_many_a_second) {
  for (int i = 0; i < 5; ++i) EXPECT_FALSE(limits_.may_open(kOffice, kNow));
  const auto away = limits_.may_open(kOffice, kNow);
  ASSERT_TRUE(away);
  EXPECT_EQ(away->retry_after, 500ms);
  EXPECT_FALSE(limits_.may_open(kHome, kNow));
  EXPECT_FALSE(limits_.may_open(kOffice, kNow + 500ms));
  EXPECT_TRUE(limits_.may_open(kOffice, kNow + 500ms));
  EXPECT_EQ(refused(Limit::address_connects), 2u);
}

TEST_F(WorkerLimitsTest, a_session_is_worth_four_connections) {
  for (int i = 0; i < 20; ++i) EXPECT_FALSE(limits_.may_connect(kOffice, kNow)) << i;
  const auto away = limits_.may_connect(kOffice, kNow);
  ASSERT_TRUE(away);
  EXPECT_EQ(away->retry_after, 125ms);
  EXPECT_FALSE(limits_.may_open(kOffice, kNow)) << "they don't take each other's";
}

TEST_F(WorkerLimitsTest, an_exempt_address_is_let_in_always) {
  const net::IpAddress here = address("127.0.0.1");
  for (int i = 0; i < 100; ++i) {
    EXPECT_FALSE(limits_.may_connect(here, kNow));
    limits_.on_connect(here);
    EXPECT_FALSE(limits_.may_open(here, kNow));
  }
}

TEST_F(WorkerLimitsTest, a_banned_address_opens_nothing_until_the_ban_is_over) {
  limits_.use(std::make_shared<BannedAddresses>(
      BannedAddresses{{rules_.address_key(kOffice), kNow + 10s}}));
  const auto away = limits_.may_open(kOffice, kNow);
  ASSERT_TRUE(away);
  EXPECT_EQ(away->retry_after, 10s);
  EXPECT_EQ(refused(Limit::address_ban), 1u);
  EXPECT_FALSE(limits_.may_open(kHome, kNow));
  EXPECT_FALSE(limits_.may_open(kOffice, kNow + 10s));
}

TEST_F(WorkerLimitsTest, refused_requests_are_worth_a_hundred_records_at_once_and_ten_a_second) {
  for (const net::IpAddress& from : {kOffice, address("127.0.0.1")}) {
    int notes = 0;
    for (int i = 0; i < 1'000; ++i) notes += limits_.take_note(from, kNow) ? 1 : 0;
    EXPECT_EQ(notes, 100);
    EXPECT_TRUE(limits_.take_note(from, kNow + 100ms));
    EXPECT_FALSE(limits_.take_note(from, kNow + 100ms));
  }
  EXPECT_FALSE(limits_.may_open(kOffice, kNow)) << "they cost nobody a session";
}

TEST_F(WorkerLimitsTest, a_user_has_rates_for_packets_bytes_and_joins) {
  for (int i = 0; i < 4; ++i) EXPECT_EQ(limits_.take_packet("alice", 10, kNow), 0ms);
  EXPECT_EQ(limits_.take_packet("alice", 10, kNow), 100ms);
  EXPECT_EQ(limits_.take_packet("bob", 999, kNow), 0ms);
  EXPECT_GT(limits_.take_packet("bob", 999, kNow), 9s);
  for (int i = 0; i < 2; ++i) EXPECT_EQ(limits_.take_join("alice", kNow), 0ms);
  EXPECT_EQ(limits_.take_join("alice", kNow), 1s);
  EXPECT_EQ(refused(Limit::user_packets), 1u);
  EXPECT_EQ(refused(Limit::user_bytes), 1u);
  EXPECT_EQ(refused(Limit::user_joins), 1u);
}

TEST_F(WorkerLimitsTest, a_dry_run_counts_and_lets_everybody_through) {
  config::LimitsConfig dry = config();
  dry.dry_run = true;
  WorkerLimits limits(rules_of(dry));
  for (int i = 0; i < 10; ++i) {
    EXPECT_FALSE(limits.may_connect(kOffice, kNow));
    limits.on_connect(kOffice);
    EXPECT_FALSE(limits.may_open(kOffice, kNow));
    EXPECT_EQ(limits.take_packet("alice", 10, kNow), 0ms);
    EXPECT_EQ(limits.take_join("alice", kNow), 0ms);
  }
  const auto counted = [&](Limit limit) {
    return limits.counts().would_refuse[static_cast<std::size_t>(limit)];
  };
  EXPECT_EQ(counted(Limit::address_connections), 7u);
  EXPECT_EQ(counted(Limit::address_connects), 5u);
  EXPECT_EQ(counted(Limit::user_packets), 6u);
  EXPECT_EQ(counted(Limit::user_joins), 8u);
}

TEST_F(WorkerLimitsTest, nothing_a_second_is_no_limit) {
  config::LimitsConfig open = config();
  open.address_connects_per_second = open.user_packets_per_second = 0;
  open.user_bytes_per_second = open.user_joins_per_second = 0;
  WorkerLimits limits(rules_of(open));
  for (int i = 0; i < 1'000; ++i) {
    EXPECT_FALSE(limits.may_connect(kOffice, kNow));
    EXPECT_FALSE(limits.may_open(kOffice, kNow));
    EXPECT_EQ(limits.take_packet("alice", 1'000, kNow), 0ms);
    EXPECT_EQ(limits.take_join("alice", kNow), 0ms);
  }
}

TEST_F(WorkerLimitsTest, a_reload_holds_for_who_is_connected_and_for_what_is_taken) {
  for (int i = 0; i < 3; ++i) limits_.on_connect(kOffice);
  for (int i = 0; i < 4; ++i) EXPECT_EQ(limits_.take_packet("alice", 10, kNow), 0ms);
  config::LimitsConfig next = config();
  next.address_connections_max = 4;
  next.user_packets_burst = 5;
  use(next);
  EXPECT_FALSE(limits_.may_connect(kOffice, kNow));
  limits_.on_connect(kOffice);
  EXPECT_TRUE(limits_.may_connect(kOffice, kNow));
  EXPECT_EQ(limits_.take_packet("alice", 10, kNow), 0ms);
  EXPECT_EQ(limits_.take_packet("alice", 10, kNow), 100ms);
  next.address_connections_max = 2;
  use(next);
  limits_.on_disconnect(kOffice);
  limits_.on_disconnect(kOffice);
  EXPECT_TRUE(limits_.may_connect(kOffice, kNow)) << "two are left";
  limits_.on_disconnect(kOffice);
  EXPECT_FALSE(limits_.may_connect(kOffice, kNow));
}

TEST_F(WorkerLimitsTest, who_becomes_exempt_or_ceases_to_be_is_counted_rightly) {
  limits_.on_connect(kOffice);
  config::LimitsConfig next = config();
  next.exempt_addresses = {"192.0.2.0/24"};
  use(next);
  for (int i = 0; i < 3; ++i) {
    EXPECT_FALSE(limits_.may_connect(kOffice, kNow));
    limits_.on_connect(kOffice);
  }
  use(config());
  EXPECT_TRUE(limits_.may_connect(kOffice, kNow)) << "four are there";
  for (int i = 0; i < 2; ++i) limits_.on_disconnect(kOffice);
  EXPECT_FALSE(limits_.may_connect(kOffice, kNow));
}

TEST(WorkerShareTest, workers_share_what_an_address_may_have_with_room_for_chance) {
  const config::LimitsConfig config{.address_connections_max = 10'000,
                                    .address_connects_burst = 400};
  const auto of = [&](std::size_t workers) { return LimitRules(config, kHash, workers).limits; };
  EXPECT_EQ(of(1).address_connections_max, 10'000u);
  EXPECT_EQ(of(4).address_connections_max, 2'700u);  // 2,500 and four times its root
  EXPECT_EQ(of(4).address_connects.window() / of(4).address_connects.cost(1), 140);
  const config::LimitsConfig few{.address_connections_max = 5};
  EXPECT_EQ(LimitRules(few, kHash, 64).limits.address_connections_max, 2u);
}

}  // namespace
}  // namespace outcry::gateway
