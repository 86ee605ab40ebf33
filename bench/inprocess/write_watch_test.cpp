#include "inprocess/write_watch.h"

#include <gtest/gtest.h>

namespace outcry::bench {
namespace {

TEST(WriteWatch, a_burst_is_out_when_as_much_was_written_as_for_the_one_before) {
  WriteWatch watch(1000);
  watch.start(0);
  EXPECT_FALSE(watch.answered(1000, 1));  // taken, not written
  EXPECT_FALSE(watch.answered(1500, 2));  // how much it will be isn't known yet
  EXPECT_TRUE(watch.answered(1500, 3));
  watch.start(4);
  EXPECT_FALSE(watch.answered(1500, 5));
  EXPECT_FALSE(watch.answered(1750, 6));
  EXPECT_TRUE(watch.answered(2000, 7));
}

TEST(WriteWatch, a_smaller_burst_is_out_when_no_more_follows) {
  WriteWatch watch(0);
  watch.start(0);
  EXPECT_FALSE(watch.answered(500, 1));
  EXPECT_TRUE(watch.answered(500, 2));
  watch.start(3);
  EXPECT_FALSE(watch.answered(900, 4));
  EXPECT_TRUE(watch.answered(900, 5));
  watch.start(6);
  EXPECT_TRUE(watch.answered(1300, 7));
}

TEST(WriteWatch, a_heartbeat_in_one_burst_does_not_make_the_next_wait) {
  WriteWatch watch(0);
  watch.start(0);
  EXPECT_FALSE(watch.answered(10'100, 1));
  EXPECT_TRUE(watch.answered(10'100, 2));
  watch.start(3);
  EXPECT_TRUE(watch.answered(20'100, 4));
}

TEST(WriteWatch, what_nobody_reads_is_waited_for_a_second) {
  WriteWatch watch(0);
  watch.start(5);
  EXPECT_FALSE(watch.answered(0, 6));
  EXPECT_FALSE(watch.answered(0, WriteWatch::kGiveUpNs));
  EXPECT_EQ(watch.answers(), 2U);
  EXPECT_TRUE(watch.answered(0, WriteWatch::kGiveUpNs + 5));
}

}  // namespace
}  // namespace outcry::bench
