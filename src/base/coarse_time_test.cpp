#include "base/coarse_time.h"

#include <gtest/gtest.h>

namespace outcry {
namespace {

using std::chrono::days;
using std::chrono::microseconds;

constexpr TimePoint kNow{std::chrono::hours(1) + milliseconds(3)};

TEST(CoarseTime, is_never_early_and_late_by_less_than_a_step) {
  for (int us = 0; us < 20'000; us += 500) {
    const TimePoint time = kNow + microseconds(us);
    const TimePoint seen = CoarseTime(time, kNow).seen_at(kNow);
    EXPECT_GE(seen, time);
    EXPECT_LT(seen, time + CoarseTime::kStep);
  }
}

TEST(CoarseTime, is_reached_when_its_step_has_come) {
  const CoarseTime time(kNow + milliseconds(100), kNow);
  EXPECT_FALSE(time.reached(kNow + milliseconds(99)));
  EXPECT_TRUE(time.reached(kNow + milliseconds(108)));
  EXPECT_TRUE(time.reached(kNow + days(100)));
}

TEST(CoarseTime, goes_on_when_the_count_begins_anew) {
  const TimePoint last{CoarseTime::kStep *
                       (std::int64_t{1} << 32)};  // its word is the one for never
  for (int step = -2; step <= 2; ++step) {
    const TimePoint time = last + step * CoarseTime::kStep;
    const CoarseTime coarse(time, last - days(1));
    EXPECT_GE(coarse.seen_at(last - days(1)), time);
    EXPECT_LE(coarse.seen_at(last - days(1)), time + CoarseTime::kStep);
    EXPECT_FALSE(coarse.reached(time - milliseconds(1)));
    EXPECT_TRUE(coarse.reached(last + days(1)));
  }
}

TEST(CoarseTime, never_is_never_reached) {
  EXPECT_EQ(CoarseTime().seen_at(kNow), TimePoint::max());
  EXPECT_EQ(CoarseTime(TimePoint::max(), kNow).seen_at(kNow), TimePoint::max());
  EXPECT_FALSE(CoarseTime().reached(kNow + days(10'000)));
}

TEST(CoarseTime, what_is_too_far_to_be_seen_is_as_far_as_one_sees) {
  const CoarseTime far(kNow + days(3'650), kNow);
  EXPECT_FALSE(far.reached(kNow + days(196)));
  EXPECT_TRUE(far.reached(kNow + days(198)));
}

}  // namespace
}  // namespace outcry
