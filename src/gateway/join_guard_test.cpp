#include "gateway/join_guard.h"

#include <gtest/gtest.h>

namespace outcry::gateway {
namespace {

using limits::Limit;
using namespace std::chrono_literals;

const limits::KeyHash kHash = limits::KeyHash::random();
const net::IpNetwork kOffice(net::IpAddress::parse("192.0.2.1").value(), 64);
const TimePoint kNow{1'000s};

config::LimitsConfig config(bool dry_run = false) {
  return {.dry_run = dry_run,
          .user_failed_joins_delay_at = 2,
          .user_failed_joins_ban_at = 4,
          .address_failed_joins_delay_at = 6,
          .address_failed_joins_ban_at = 8,
          .failed_join_delay = 700ms,
          .ban = 60s};
}

class JoinGuardTest : public testing::Test {
 protected:
  JoinGuardTest() {
    guard_.on_ban = [this](const JoinGuard::Notice& notice) {
      banned_.push_back(notice.target.name);
    };
  }
  limits::Party party(std::string_view user) const {
    return {.user = rules_.user_key(user), .address = rules_.key_of(kOffice)};
  }
  const LimitRules rules_{config(), kHash};
  JoinGuard guard_{std::make_shared<const LimitRules>(config(), kHash)};
  std::vector<std::string> banned_;
};

TEST_F(JoinGuardTest, a_user_waits_and_is_then_banned_with_notice) {
  EXPECT_EQ(guard_.refused({.user = "alice"}, kNow), 0ms);
  EXPECT_EQ(guard_.refused({.user = "alice"}, kNow), 0ms);
  EXPECT_EQ(guard_.refused({.user = "alice"}, kNow), 700ms);
  EXPECT_EQ(guard_.refused({.user = "alice"}, kNow), 700ms);
  EXPECT_FALSE(guard_.banned(party("alice"), kNow));
  (void)guard_.refused({.user = "alice"}, kNow);
  EXPECT_EQ(banned_, std::vector<std::string>{"alice"});
  const auto refusal = guard_.banned(party("alice"), kNow + 20s);
  ASSERT_TRUE(refusal);
  EXPECT_EQ(*refusal, (limits::Refusal{Limit::user_ban, 40s}));
  EXPECT_FALSE(guard_.banned(party("alice"), kNow + 60s));
  EXPECT_FALSE(guard_.banned(party("bob"), kNow));
}

TEST_F(JoinGuardTest, an_address_pays_for_all_of_its_users) {
  for (int i = 0; i < 9; ++i) {
    const std::string user = "u" + std::to_string(i);
    const auto delay = guard_.refused({.user = user, .address = kOffice}, kNow);
    EXPECT_EQ(delay, i == 6 || i == 7 ? 700ms : 0ms) << i;
  }
  EXPECT_EQ(banned_, std::vector<std::string>{"192.0.2.1"});
  EXPECT_EQ(guard_.banned(party("bob"), kNow)->limit, Limit::address_ban);
  EXPECT_EQ(guard_.banned_addresses(kNow)->size(), 1u);
  EXPECT_EQ(guard_.banned_addresses_count(kNow), 1u);
}

TEST_F(JoinGuardTest, who_asks_for_himself_at_the_gateways_wish_is_nobody) {
  for (int i = 0; i < 100; ++i) EXPECT_EQ(guard_.refused({}, kNow), 0ms);
  EXPECT_TRUE(banned_.empty());
}

TEST_F(JoinGuardTest, bans_are_listed_and_lifted_by_name) {
  for (int i = 0; i < 5; ++i) (void)guard_.refused({.user = "alice"}, kNow);
  for (int i = 0; i < 9; ++i) (void)guard_.refused({.address = kOffice}, kNow + 10s);
  const auto bans = guard_.bans(kNow + 10s);
  ASSERT_EQ(bans.size(), 2u);
  EXPECT_EQ(bans[0].target.name, "192.0.2.1");
  EXPECT_EQ(bans[0].left, 60s);
  EXPECT_EQ(bans[1].target.name, "alice");
  EXPECT_EQ(bans[1].left, 50s);
  EXPECT_FALSE(guard_.lift({.kind = BanKind::address, .name = "alice"}));
  EXPECT_FALSE(guard_.lift({.kind = BanKind::user, .name = "bob"}));
  EXPECT_TRUE(guard_.lift({.kind = BanKind::user, .name = "alice"}));
  EXPECT_TRUE(guard_.lift({.kind = BanKind::address, .name = "192.0.2.1"}));
  EXPECT_FALSE(guard_.banned(party("alice"), kNow + 10s));
  EXPECT_TRUE(guard_.bans(kNow + 10s).empty());
}

TEST_F(JoinGuardTest, a_reload_holds_from_the_next_refusal_on_and_lifts_no_ban) {
  for (int i = 0; i < 5; ++i) (void)guard_.refused({.user = "alice"}, kNow);
  for (int i = 0; i < 2; ++i) (void)guard_.refused({.user = "bob"}, kNow);
  config::LimitsConfig next = config();
  next.user_failed_joins_delay_at = next.user_failed_joins_ban_at = 2;
  next.ban = 10s;
  guard_.use(std::make_shared<const LimitRules>(next, kHash));
  EXPECT_EQ(guard_.banned(party("alice"), kNow)->retry_after, 60s);
  (void)guard_.refused({.user = "bob"}, kNow);
  EXPECT_EQ(banned_, (std::vector<std::string>{"alice", "bob"}));
  EXPECT_EQ(guard_.banned(party("bob"), kNow)->retry_after, 10s);
  next.dry_run = true;
  guard_.use(std::make_shared<const LimitRules>(next, kHash));
  EXPECT_FALSE(guard_.banned(party("alice"), kNow));
}

TEST_F(JoinGuardTest, a_dry_run_counts_what_it_would_have_done) {
  const auto rules = std::make_shared<const LimitRules>(config(true), kHash);
  JoinGuard guard(rules);
  guard.on_ban = [](const JoinGuard::Notice&) { FAIL(); };
  for (int i = 0; i < 5; ++i) EXPECT_EQ(guard.refused({.user = "alice"}, kNow), 0ms);
  EXPECT_FALSE(guard.banned({.user = rules->user_key("alice")}, kNow));
  const auto counted = [&](Limit limit) {
    return guard.counts().would_refuse[static_cast<std::size_t>(limit)];
  };
  EXPECT_EQ(counted(Limit::user_failed_joins), 2u);
  EXPECT_EQ(counted(Limit::user_ban), 1u);
}

}  // namespace
}  // namespace outcry::gateway
