#include "net/tls_tickets.h"

#include <gtest/gtest.h>

namespace outcry::net {
namespace {

constexpr auto kPeriod = TicketKeys::kPeriod;

TEST(TicketKeys, workers_with_one_seed_agree_at_any_time_without_a_word) {
  const TimePoint began = steady_now();
  const TicketSeed seed = TicketSeed::random(began);
  TicketKeys often(seed), rarely(seed);
  for (int period = 0; period < 50; ++period) (void)often.newest(began + period * kPeriod);
  const auto& one = often.newest(began + 49 * kPeriod);
  const auto& other = rarely.newest(began + 50 * kPeriod - std::chrono::nanoseconds(1));
  EXPECT_EQ(one.name, other.name);
  EXPECT_EQ(one.cipher, other.cipher);
  EXPECT_EQ(one.mac, other.mac);
}

TEST(TicketKeys, a_key_is_accepted_for_one_period_after_its_own) {
  const TimePoint began = steady_now();
  TicketKeys keys(TicketSeed::random(began));
  const TicketKeys::Key first = keys.newest(began);
  EXPECT_EQ(keys.newest(began + kPeriod - std::chrono::nanoseconds(1)).name, first.name);
  EXPECT_NE(keys.newest(began + kPeriod).name, first.name);
  const TicketKeys::Key* found =
      keys.find(first.name, began + 2 * kPeriod - std::chrono::nanoseconds(1));
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->cipher, first.cipher);
  EXPECT_EQ(keys.find(first.name, began + 2 * kPeriod), nullptr);
}

TEST(TicketKeys, nothing_of_a_key_tells_of_another) {
  const TimePoint began = steady_now();
  TicketKeys keys(TicketSeed::random(began)), foreign(TicketSeed::random(began));
  const TicketKeys::Key first = keys.newest(began);
  const TicketKeys::Key second = keys.newest(began + kPeriod);
  EXPECT_NE(first.cipher, second.cipher);
  EXPECT_NE(first.mac, second.mac);
  EXPECT_NE(first.cipher, first.mac);
  EXPECT_EQ(foreign.find(second.name, began), nullptr);
}

TEST(TicketSeed, a_forgotten_one_is_gone) {
  TicketSeed seed = TicketSeed::random(steady_now());
  EXPECT_NE(seed.secret, TicketSeed().secret);
  seed.forget();
  EXPECT_EQ(seed.secret, TicketSeed().secret);
}

}  // namespace
}  // namespace outcry::net
