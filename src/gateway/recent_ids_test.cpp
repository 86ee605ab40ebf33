#include "gateway/recent_ids.h"

#include <gtest/gtest.h>

namespace outcry::gateway {
namespace {

TEST(RecentIdsTest, the_first_number_of_an_id_stays) {
  RecentIds ids(2);
  EXPECT_FALSE(ids.find("a"));
  ids.remember("a", 1);
  ids.remember("a", 2);
  EXPECT_EQ(ids.find("a"), 1u);
}

TEST(RecentIdsTest, the_oldest_is_forgotten_at_the_limit_and_one) {
  RecentIds ids(2);
  ids.remember("a", 1);
  ids.remember("b", 2);
  EXPECT_TRUE(ids.find("a"));
  ids.remember("a", 9);  // takes no second place
  ids.remember("c", 3);
  EXPECT_FALSE(ids.find("a"));
  EXPECT_TRUE(ids.find("b"));
  ids.remember("a", 4);
  EXPECT_EQ(ids.find("a"), 4u);
  EXPECT_FALSE(ids.find("b"));
}

TEST(RecentIdsTest, ids_of_any_length_stay_as_others_come_and_go) {
  RecentIds ids(100);
  const auto id_of = [](std::uint64_t i) { return std::string(i % 60, 'x') + std::to_string(i); };
  for (std::uint64_t i = 0; i < 10'000; ++i) {
    ids.remember(id_of(i), i);
    EXPECT_EQ(ids.find(id_of(i < 99 ? 0 : i - 99)), i < 99 ? 0 : i - 99);
    if (i >= 100) {
      EXPECT_FALSE(ids.find(id_of(i - 100)));
    }
  }
}

TEST(RecentIdsTest, a_limit_of_zero_remembers_nothing) {
  RecentIds ids(0);
  ids.remember("a", 1);
  EXPECT_FALSE(ids.find("a"));
}

}  // namespace
}  // namespace outcry::gateway
