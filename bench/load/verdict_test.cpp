#include "load/verdict.h"

#include <gtest/gtest.h>

namespace outcry::bench {
namespace {

constexpr std::size_t kEquity = 0;
constexpr std::size_t kRisk = kStreamsOfRoom - 1;

RoomStreams streams(std::initializer_list<std::uint64_t> equities,
                    std::initializer_list<std::uint64_t> alerts) {
  RoomStreams out{};
  for (const std::uint64_t time : equities) out[kEquity].add(time);
  for (const std::uint64_t time : alerts) out[kRisk].add(time);
  return out;
}

LatestKinds equities_are_latest() {
  return LatestKinds(1U << static_cast<unsigned>(EventKind::equity_updated));
}

TEST(Verdict, strictly_every_event_must_arrive) {
  const RoomStreams published = streams({10, 20, 30}, {15});
  EXPECT_EQ(judge(published, published, {}, {}), Verdict::complete);
  EXPECT_EQ(judge(published, streams({10, 30}, {15}), {}, {}), Verdict::incomplete);
  EXPECT_EQ(judge(published, streams({10, 20, 30}, {}), {}, {}), Verdict::incomplete);
}

TEST(Verdict, of_latest_only_the_newest_must_arrive) {
  const RoomStreams published = streams({10, 20, 30}, {15});
  const LatestKinds latest = equities_are_latest();
  EXPECT_EQ(judge(published, published, latest, {}), Verdict::complete);
  EXPECT_EQ(judge(published, streams({30}, {15}), latest, {}), Verdict::conflated);
  EXPECT_EQ(judge(published, streams({10, 20}, {15}), latest, {}), Verdict::stale);
  EXPECT_EQ(judge(published, streams({}, {15}), latest, {}), Verdict::stale);
  EXPECT_EQ(judge(published, streams({30}, {}), latest, {}), Verdict::incomplete);
}

TEST(Verdict, another_event_in_place_of_a_must_is_seen_though_the_count_is_right) {
  EXPECT_EQ(judge(streams({}, {10, 20, 30}), streams({}, {10, 21, 30}), {}, {}),
            Verdict::incomplete);
}

TEST(Verdict, a_closed_connection_is_judged_by_its_code) {
  const RoomStreams published = streams({10}, {});
  EXPECT_EQ(judge(published, streams({}, {}), {}, {.is_open = false, .code = 4429}),
            Verdict::closed_4429);
  EXPECT_EQ(judge(published, published, {}, {.is_open = false, .code = 1006}),
            Verdict::closed_other);
}

TEST(Verdict, only_a_slow_reader_may_be_closed_for_being_slow) {
  EXPECT_FALSE(is_fault(Verdict::closed_4429, true));
  EXPECT_TRUE(is_fault(Verdict::closed_4429, false));
  for (const bool slow : {false, true}) {
    EXPECT_FALSE(is_fault(Verdict::complete, slow));
    EXPECT_FALSE(is_fault(Verdict::conflated, slow));
    EXPECT_TRUE(is_fault(Verdict::closed_other, slow));
    EXPECT_TRUE(is_fault(Verdict::incomplete, slow));
    EXPECT_TRUE(is_fault(Verdict::stale, slow));
  }
}

}  // namespace
}  // namespace outcry::bench
