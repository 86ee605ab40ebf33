#include "limits/rate.h"

#include <gtest/gtest.h>

namespace outcry::limits {
namespace {

using Small = Bucket<std::uint32_t>;

TEST(RateTest, so_many_at_once_and_not_one_more) {
  const Rate rate(10, 5);
  Small bucket(1'000);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(bucket.take(rate, 1, 1'000), 0);
  const Ticks wait = bucket.take(rate, 1, 1'000);
  EXPECT_EQ(wait, kTicksPerSecond / 10);
  EXPECT_EQ(bucket.take(rate, 1, 1'000 + wait - 1), 1) << "what was refused has cost nothing";
  EXPECT_EQ(bucket.take(rate, 1, 1'000 + wait), 0);
}

TEST(RateTest, then_so_many_a_second) {
  const Rate rate(100, 1);
  Small bucket(0);
  int taken = 0;
  for (Ticks now = 0; now < 10 * kTicksPerSecond; now += 7) taken += bucket.take(rate, 1, now) == 0;
  EXPECT_NEAR(taken, 1'000, 12);
}

TEST(RateTest, bytes_count_in_units_of_their_own) {
  const Rate rate(65'536, 1'000'000);
  Small bucket(0);
  EXPECT_EQ(bucket.take(rate, 1'000'000, 0), 0);
  EXPECT_GT(bucket.take(rate, 65'536, kTicksPerSecond / 2), 0);
  EXPECT_EQ(bucket.take(rate, 65'536, kTicksPerSecond + 2), 0);
}

TEST(RateTest, nothing_a_second_is_no_limit) {
  Small bucket(0);
  for (int i = 0; i < 1'000; ++i) EXPECT_EQ(bucket.take(Rate(0, 5), 1'000'000, 0), 0);
  EXPECT_TRUE(Rate().unlimited());
}

TEST(RateTest, debt_is_counted_up_to_a_limit) {
  Small bucket(50);
  bucket.add(100, 50, 1'000);
  EXPECT_EQ(bucket.ahead(60), 90);
  bucket.add(5'000, 60, 1'000);
  EXPECT_EQ(bucket.ahead(60), 1'000);
  EXPECT_EQ(bucket.ahead(2'000), 0);
}

// 2^32 ticks are 18 hours and 38 minutes.
TEST(RateTest, a_small_bucket_goes_on_over_the_end_of_its_word) {
  const Rate rate(10, 5);
  const Ticks end = Ticks{1} << 32;
  Small bucket(end - 100);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(bucket.take(rate, 1, end - 100), 0);
  EXPECT_GT(bucket.take(rate, 1, end + 100), 0);
  EXPECT_EQ(bucket.take(rate, 1, end + kTicksPerSecond), 0);
  EXPECT_EQ(bucket.ahead(end + 9 * 3600 * kTicksPerSecond), 0) << "nine hours of silence";
}

TEST(RateTest, a_small_bucket_that_is_kept_up_owes_nothing_after_any_silence) {
  const Ticks hour = 3600 * kTicksPerSecond;
  Small forgotten(0), kept(0);
  for (Ticks now = 0; now <= 12 * hour; now += hour / 2) kept.keep(now);
  EXPECT_EQ(kept.ahead(12 * hour), 0);
  EXPECT_GT(forgotten.ahead(12 * hour), 0) << "its word has gone round";
  kept.add(100, 12 * hour, 1'000);
  kept.keep(12 * hour + 40);
  EXPECT_EQ(kept.ahead(12 * hour + 40), 60) << "what is owed stays owed";
}

TEST(RateTest, times_are_rounded_up) {
  EXPECT_EQ(milliseconds_of(0).count(), 0);
  EXPECT_EQ(milliseconds_of(1).count(), 1);
  EXPECT_EQ(milliseconds_of(65).count(), 2);
  EXPECT_EQ(ticks_of(TimePoint(std::chrono::seconds(3))), 3 * kTicksPerSecond);
}

}  // namespace
}  // namespace outcry::limits
