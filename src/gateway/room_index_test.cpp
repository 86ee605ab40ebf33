#include "gateway/room_index.h"

#include <gtest/gtest.h>

namespace outcry::gateway {
namespace {

constexpr WorkerSet kFirst = 1, kSecond = 2;

TEST(RoomIndexTest, a_grant_counts_before_the_worker_has_told) {
  RoomIndex index;
  index.granted(0, 0, "a");
  EXPECT_EQ(index.workers_with(0, "a"), kFirst);
  index.settled(0, 0, "a", true);
  EXPECT_EQ(index.workers_with(0, "a"), kFirst);
  index.presence(0, 0, "a", false);
  EXPECT_EQ(index.workers_with(0, "a"), 0u);
  EXPECT_EQ(index.size(), 0u);
}

TEST(RoomIndexTest, an_absence_that_is_older_than_the_grant_is_ignored) {
  RoomIndex index;
  index.granted(0, 0, "a");
  index.settled(0, 0, "a", true);
  index.granted(0, 0, "a");
  index.presence(0, 0, "a", false);  // sent before the second answer arrived
  EXPECT_EQ(index.workers_with(0, "a"), kFirst);
  index.settled(0, 0, "a", true);
  index.presence(0, 0, "a", false);
  EXPECT_EQ(index.size(), 0u);
}

TEST(RoomIndexTest, only_the_last_of_several_joins_settles) {
  RoomIndex index;
  index.granted(0, 0, "a");
  index.granted(0, 0, "a");
  index.settled(0, 0, "a", false);  // that one's session was gone
  EXPECT_EQ(index.workers_with(0, "a"), kFirst);
  index.settled(0, 0, "a", true);
  EXPECT_EQ(index.workers_with(0, "a"), kFirst);
  index.presence(0, 0, "a", false);
  EXPECT_EQ(index.size(), 0u);
}

TEST(RoomIndexTest, a_join_that_came_to_nothing_leaves_nothing) {
  RoomIndex index;
  index.granted(3, 0, "a");
  index.settled(3, 0, "a", false);
  EXPECT_EQ(index.size(), 0u);
}

TEST(RoomIndexTest, workers_do_not_settle_for_each_other) {
  RoomIndex index;
  index.granted(0, 0, "a");
  index.granted(1, 0, "a");
  index.settled(0, 0, "a", false);
  EXPECT_EQ(index.workers_with(0, "a"), kSecond);
  index.presence(1, 0, "a", false);
  EXPECT_EQ(index.workers_with(0, "a"), kSecond);  // still unsettled there
  index.presence(0, 0, "a", true);
  EXPECT_EQ(index.workers_with(0, "a"), kFirst | kSecond);
  index.settled(1, 0, "a", false);
  index.presence(0, 0, "a", false);
  EXPECT_EQ(index.size(), 0u);
}

TEST(RoomIndexTest, what_nobody_granted_is_not_remembered) {
  RoomIndex index;
  index.presence(0, 0, "a", false);
  index.settled(0, 0, "a", false);
  EXPECT_EQ(index.size(), 0u);
}

TEST(RoomIndexTest, namespaces_and_hostile_names_do_not_meet) {
  RoomIndex index;
  index.presence(63, 0, "a", true);
  index.presence(0, 1, "a", true);
  index.presence(1, 255, std::string_view("\0a", 2), true);
  EXPECT_EQ(index.workers_with(0, "a"), WorkerSet{1} << 63);
  EXPECT_EQ(index.workers_with(1, "a"), kFirst);
  EXPECT_EQ(index.workers_with(0, std::string_view("\0a", 2)), 0u);
  EXPECT_EQ(index.workers_with(255, std::string_view("\0a", 2)), kSecond);
}

}  // namespace
}  // namespace outcry::gateway
