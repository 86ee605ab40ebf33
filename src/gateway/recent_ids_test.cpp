#include "gateway/recent_ids.h"

#include <gtest/gtest.h>

namespace outcry::gateway {
namespace {

TEST(RecentIdsTest, the_first_offset_of_an_id_stays) {
  RecentIds ids(2);
  EXPECT_EQ(ids.find("a"), nullptr);
  ids.remember("a", "1");
  ids.remember("a", "2");
  ASSERT_NE(ids.find("a"), nullptr);
  EXPECT_EQ(*ids.find("a"), "1");
}

TEST(RecentIdsTest, the_oldest_is_forgotten_at_the_limit_and_one) {
  RecentIds ids(2);
  ids.remember("a", "1");
  ids.remember("b", "2");
  EXPECT_NE(ids.find("a"), nullptr);
  ids.remember("a", "again");  // takes no second place
  ids.remember("c", "3");
  EXPECT_EQ(ids.find("a"), nullptr);
  EXPECT_NE(ids.find("b"), nullptr);
  ids.remember("a", "4");
  EXPECT_EQ(*ids.find("a"), "4");
  EXPECT_EQ(ids.find("b"), nullptr);
}

TEST(RecentIdsTest, a_limit_of_zero_remembers_nothing) {
  RecentIds ids(0);
  ids.remember("a", "1");
  EXPECT_EQ(ids.find("a"), nullptr);
}

}  // namespace
}  // namespace outcry::gateway
