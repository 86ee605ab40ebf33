#include "gateway/parked_sockets.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace outcry::gateway {
namespace {

using testing::ElementsAre;

constexpr TimePoint kNow{};

ParkedSocket socket(std::string sid) {
  return {.sid = std::move(sid), .user = "alice", .rooms = {"a", "b"}};
}

class ParkedSocketsTest : public testing::Test {
 protected:
  ParkedSocketsTest() {
    parked_.on_given_up = [this](std::string_view sid) { given_up_.emplace_back(sid); };
  }
  RoomTable rooms_;
  ParkedSockets parked_{rooms_, 2, seconds(120)};
  std::vector<std::string> given_up_;
};

TEST_F(ParkedSocketsTest, a_socket_is_taken_once_and_holds_its_rooms_until_then) {
  parked_.park(socket("s1"), kNow);
  EXPECT_EQ(rooms_.size(), 2U);
  const auto taken = parked_.take("s1", kNow + seconds(119));
  ASSERT_TRUE(taken);
  EXPECT_THAT(taken->rooms, ElementsAre("a", "b"));
  EXPECT_EQ(rooms_.size(), 0U);
  EXPECT_FALSE(parked_.take("s1", kNow));
}

TEST_F(ParkedSocketsTest, a_socket_that_comes_after_its_time_is_gone) {
  parked_.park(socket("s1"), kNow);
  EXPECT_FALSE(parked_.take("s1", kNow + seconds(120)));
  EXPECT_EQ(rooms_.size(), 0U);
}

TEST_F(ParkedSocketsTest, what_nobody_came_back_to_is_given_up_in_time) {
  parked_.park(socket("s1"), kNow);
  parked_.park(socket("s2"), kNow + seconds(1));
  EXPECT_EQ(parked_.next(), kNow + seconds(120));
  parked_.expire(kNow + seconds(120));
  EXPECT_THAT(given_up_, ElementsAre("s1"));
  EXPECT_EQ(parked_.next(), kNow + seconds(121));
  EXPECT_EQ(rooms_.size(), 2U) << "the other one's";
  parked_.expire(kNow + seconds(121));
  EXPECT_FALSE(parked_.next());
  EXPECT_EQ(rooms_.size(), 0U);
}

TEST_F(ParkedSocketsTest, one_more_than_fit_makes_the_oldest_give_way) {
  for (const char* sid : {"s1", "s2", "s3"}) parked_.park(socket(sid), kNow);
  EXPECT_THAT(given_up_, ElementsAre("s1"));
  EXPECT_EQ(parked_.size(), 2U);
  EXPECT_TRUE(parked_.take("s3", kNow));
}

TEST_F(ParkedSocketsTest, the_same_socket_again_replaces_itself) {
  parked_.park(socket("s1"), kNow);
  ParkedSocket changed = socket("s1");
  changed.rooms = {"c"};
  parked_.park(std::move(changed), kNow + seconds(60));
  EXPECT_EQ(parked_.size(), 1U);
  EXPECT_EQ(rooms_.size(), 1U);
  EXPECT_THAT(parked_.take("s1", kNow + seconds(150))->rooms, ElementsAre("c"));
  EXPECT_THAT(given_up_, testing::IsEmpty());
}

TEST_F(ParkedSocketsTest,
       the_end_of_a_right_forbids_that_users_sockets_in_that_room_and_no_others) {
  parked_.park(socket("s1"), kNow);
  ParkedSocket other = socket("s2");
  other.user = "bob";
  parked_.park(std::move(other), kNow);
  EXPECT_THAT(parked_.forbid(0, "c", "alice"), testing::IsEmpty());
  EXPECT_THAT(parked_.forbid(1, "a", "alice"), testing::IsEmpty());
  EXPECT_THAT(parked_.forbid(0, "a", "alice"), ElementsAre("s1"));
  EXPECT_TRUE(parked_.take("s1", kNow)->forbidden);
  EXPECT_FALSE(parked_.take("s2", kNow)->forbidden);
}

TEST(ParkedSockets, none_are_kept_where_none_may_be) {
  RoomTable rooms;
  ParkedSockets parked(rooms, 0, seconds(120));
  std::vector<std::string> given_up;
  parked.on_given_up = [&](std::string_view sid) { given_up.emplace_back(sid); };
  parked.park(socket("s1"), kNow);
  EXPECT_EQ(parked.size(), 0U);
  EXPECT_THAT(given_up, ElementsAre("s1"));
}

}  // namespace
}  // namespace outcry::gateway
