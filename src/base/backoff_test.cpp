#include "base/backoff.h"

#include <gtest/gtest.h>

namespace outcry {
namespace {

using std::chrono::milliseconds;

TEST(Backoff, the_ceiling_doubles_up_to_the_maximum_and_stays) {
  Backoff backoff(milliseconds(100), milliseconds(500));
  EXPECT_EQ(backoff.next(100), milliseconds(100));
  EXPECT_EQ(backoff.next(200), milliseconds(200));
  EXPECT_EQ(backoff.next(400), milliseconds(400));
  for (int i = 0; i < 100; ++i) EXPECT_EQ(backoff.next(500), milliseconds(500));
}

TEST(Backoff, jitter_covers_all_from_zero_to_the_ceiling) {
  Backoff backoff(milliseconds(100), milliseconds(500));
  EXPECT_EQ(backoff.next(0), milliseconds(0));
  EXPECT_EQ(backoff.next(201), milliseconds(0));  // 0 to 200: 201 choices
}

TEST(Backoff, success_makes_the_next_pause_short) {
  Backoff backoff(milliseconds(100), milliseconds(500));
  for (int i = 0; i < 10; ++i) (void)backoff.next(1);
  backoff.reset();
  EXPECT_EQ(backoff.next(100), milliseconds(100));
  EXPECT_EQ(backoff.next(201), milliseconds(0 + 201 % 201));
}

}  // namespace
}  // namespace outcry
