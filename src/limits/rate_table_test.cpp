#include "limits/rate_table.h"

#include <gtest/gtest.h>

namespace outcry::limits {
namespace {

const Rate kRate(1, 10);

TEST(RateTableTest, each_key_has_its_own_buckets) {
  RateTable table(64);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(table.of(1, 0).taken[0].take(kRate, 1, 0), 0);
  EXPECT_GT(table.of(1, 0).taken[0].take(kRate, 1, 0), 0);
  EXPECT_EQ(table.of(1, 0).taken[1].take(kRate, 1, 0), 0);
  EXPECT_EQ(table.of(2, 0).taken[0].take(kRate, 1, 0), 0);
  table.forget(1);
  EXPECT_EQ(table.of(1, 0).taken[0].take(kRate, 10, 0), 0);
}

TEST(RateTableTest, costs_nothing_before_its_first_use_and_never_grows) {
  RateTable table(1024);
  table.forget(5);
  EXPECT_EQ(table.memory_bytes(), 0u);
  for (Key key = 1; key < 100'000; ++key) (void)table.of(key * 0x9E3779B97F4A7C15, 0);
  EXPECT_EQ(table.memory_bytes(), 1024 * 48u);
}

TEST(RateTableTest, who_owes_most_is_not_forgotten_for_who_owes_least) {
  RateTable table(64);
  const Key heavy = 64;  // in one set with all multiples of 64
  EXPECT_EQ(table.of(heavy, 0).taken[2].take(kRate, 10, 0), 0);
  for (Key key = 2; key < 1'000; ++key)
    EXPECT_EQ(table.of(key * 64, 0).taken[0].take(kRate, 1, 0), 0);
  EXPECT_GT(table.of(heavy, 0).taken[2].take(kRate, 1, 0), 0);
}

TEST(RateTableTest, whom_time_has_caught_up_with_makes_room) {
  RateTable table(4);
  for (Key key = 1; key <= 4; ++key) {
    EXPECT_EQ(table.of(key, 0).taken[0].take(kRate, key == 3 ? 1 : 10, 0), 0);
  }
  const Ticks later = 2 * kTicksPerSecond;
  EXPECT_EQ(table.of(9, later).taken[0].take(kRate, 10, later), 0);
  for (const Key key : {1, 2, 4}) EXPECT_GT(table.of(key, later).taken[0].take(kRate, 5, later), 0);
}

}  // namespace
}  // namespace outcry::limits
