#include "publisher/publish_command.h"

#include <gtest/gtest.h>

namespace outcry::bench {
namespace {

constexpr std::uint64_t kNow = 1'000'000'000'000;

TEST(PublishCommand, every_word_is_read) {
  const auto command =
      parse_publish("publish random 2500.5 16 1000000000001 1000000000002 /tmp/l", kNow);
  ASSERT_TRUE(command.has_value());
  EXPECT_TRUE(command->to_random_rooms);
  EXPECT_EQ(command->rate, 2500.5);
  EXPECT_EQ(command->burst, 16U);
  EXPECT_EQ(command->from_ns, kNow + 1);
  EXPECT_EQ(command->to_ns, kNow + 2);
  EXPECT_EQ(command->ledger, "/tmp/l");
  const auto shortest = parse_publish("publish room 0 1 1 2", kNow);
  ASSERT_TRUE(shortest.has_value());
  EXPECT_FALSE(shortest->to_random_rooms);
  EXPECT_EQ(shortest->ledger, "");
}

TEST(PublishCommand, what_is_not_bounded_or_not_understood_is_refused) {
  for (const char* line :
       {"", "publish", "publish everyone 0 1 1 2", "publish room -1 1 1 2",
        "publish room nan 1 1 2", "publish room 0 0 1 2", "publish room 0 1001 1 2",
        "publish room 0 1 2 1", "publish room 0 1 1", "publish room 0 1 1 2 ledger more",
        "measure room 0 1 1 2", "publish room 0 1 1 1300000000001"}) {
    EXPECT_EQ(parse_publish(line, kNow), std::nullopt) << line;
  }
  EXPECT_TRUE(parse_publish("publish room 0 1 1 1300000000000", kNow).has_value());
}

TEST(BurstPacer, a_rate_of_events_is_held_in_bursts) {
  BurstPacer pacer({.rate = 1600, .burst = 16}, 0);
  EXPECT_EQ(pacer.take(9'999'999), 0U);
  EXPECT_EQ(pacer.take(10'000'000), 1U);
  EXPECT_EQ(pacer.take(50'000'000), 4U);
  EXPECT_EQ(pacer.take(1'000'000'000), 5U);  // 50 ms of debt at most
  EXPECT_EQ(pacer.given_up(), 90U * 16);
}

TEST(BurstPacer, without_a_rate_one_burst_is_always_due) {
  BurstPacer pacer({.burst = 4}, 0);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(pacer.take(0), 1U);
  EXPECT_EQ(pacer.given_up(), 0U);
}

}  // namespace
}  // namespace outcry::bench
