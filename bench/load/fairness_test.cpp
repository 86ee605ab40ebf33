#include "load/fairness.h"

#include <gtest/gtest.h>

namespace outcry::bench {
namespace {

Fairness room_of(std::uint32_t members) {
  Fairness fairness(members, 1);
  for (std::uint32_t i = 0; i < members; ++i) fairness.add_member(0);
  return fairness;
}

TEST(Fairness, a_fixed_order_shows_a_member_that_is_always_last) {
  Fairness fairness = room_of(5);
  for (std::uint64_t event = 1; event <= 10; ++event) {
    for (std::uint32_t member = 0; member < 5; ++member) fairness.record(member, 0, event);
  }
  const FairnessFigures figures = fairness.figures();
  EXPECT_EQ(figures.events, 10U);
  EXPECT_DOUBLE_EQ(figures.min, 0.0);
  EXPECT_DOUBLE_EQ(figures.median, 0.5);
  EXPECT_DOUBLE_EQ(figures.max, 1.0);
}

TEST(Fairness, an_order_that_rotates_is_even) {
  Fairness fairness = room_of(5);
  for (std::uint64_t event = 1; event <= 10; ++event) {
    for (std::uint32_t i = 0; i < 5; ++i) {
      fairness.record(static_cast<std::uint32_t>((event + i) % 5), 0, event);
    }
  }
  const FairnessFigures figures = fairness.figures();
  EXPECT_DOUBLE_EQ(figures.min, 0.5);
  EXPECT_DOUBLE_EQ(figures.p99, 0.5);
  EXPECT_DOUBLE_EQ(figures.max, 0.5);
}

TEST(Fairness, events_that_overlap_are_ranked_each_by_itself) {
  Fairness fairness = room_of(2);
  // A server that writes several events at once: member 1 gets both before member 0 gets any.
  for (const std::uint32_t member : {1U, 0U}) {
    for (const std::uint64_t event : {10U, 11U}) fairness.record(member, 0, event);
  }
  const FairnessFigures figures = fairness.figures();
  EXPECT_EQ(figures.events, 2U);
  EXPECT_DOUBLE_EQ(figures.min, 0.0);
  EXPECT_DOUBLE_EQ(figures.max, 1.0);
}

TEST(Fairness, of_many_events_at_once_some_are_followed_from_their_first_receipt) {
  Fairness fairness = room_of(2);
  for (const std::uint32_t member : {1U, 0U}) {
    for (std::uint64_t event = 1; event <= 16; ++event) fairness.record(member, 0, event);
  }
  const FairnessFigures figures = fairness.figures();
  EXPECT_EQ(figures.events, 4U);
  EXPECT_DOUBLE_EQ(figures.min, 0.0);
  EXPECT_DOUBLE_EQ(figures.max, 1.0);
}

TEST(Fairness, an_event_that_a_member_never_gets_does_not_block_its_place) {
  Fairness fairness = room_of(2);
  for (std::uint64_t event = 1; event <= 4; ++event) fairness.record(0, 0, event);
  fairness.record(0, 0, 5);
  EXPECT_EQ(fairness.figures().events, 4U);
  fairness.record(0, 0, 2'000'000'000);
  EXPECT_EQ(fairness.figures().events, 5U);
}

TEST(Fairness, alone_in_a_room_nobody_has_a_rank) {
  Fairness fairness = room_of(1);
  fairness.record(0, 0, 1);
  EXPECT_EQ(fairness.figures().events, 0U);
  fairness.clear();
  EXPECT_EQ(fairness.figures().max, 0.0);
}

}  // namespace
}  // namespace outcry::bench
