#include "gateway/cursors.h"

#include <gtest/gtest.h>

namespace outcry::gateway {
namespace {

const Reader kAlice{.user = "alice", .device = {}};

TEST(CursorsTest, moves_forward_only) {
  Cursors cursors(10);
  EXPECT_EQ(cursors.find(kAlice, "/\nroom"), std::nullopt);
  EXPECT_TRUE(cursors.move(kAlice, "/\nroom", 5));
  EXPECT_FALSE(cursors.move(kAlice, "/\nroom", 5));
  EXPECT_FALSE(cursors.move(kAlice, "/\nroom", 3));
  EXPECT_EQ(cursors.find(kAlice, "/\nroom"), 5U);
  EXPECT_TRUE(cursors.move(kAlice, "/\nroom", 6));
  EXPECT_EQ(cursors.find(kAlice, "/\nroom"), 6U);
}

TEST(CursorsTest, tells_users_devices_and_rooms_apart) {
  Cursors cursors(10);
  cursors.move(kAlice, "room", 1);
  EXPECT_EQ(cursors.find({.user = "alic", .device = "e"}, "room"), std::nullopt);
  EXPECT_EQ(cursors.find({.user = "alicer", .device = {}}, "oom"), std::nullopt);
  EXPECT_EQ(cursors.find({.user = "alice", .device = "phone"}, "room"), std::nullopt);
  EXPECT_EQ(cursors.find(kAlice, "other"), std::nullopt);
}

TEST(CursorsTest, repeats_a_few_times_for_who_has_never_moved_his) {
  Cursors cursors(10);
  cursors.move(kAlice, "room", 5);
  for (int i = 0; i < Cursors::kRepeatsMax; ++i) EXPECT_TRUE(cursors.repeat(kAlice, "room", 9));
  EXPECT_EQ(cursors.find(kAlice, "room"), 5U);
  EXPECT_FALSE(cursors.repeat(kAlice, "room", 9));
  EXPECT_EQ(cursors.find(kAlice, "room"), 9U);
  cursors.move(kAlice, "room", 10);
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(cursors.repeat(kAlice, "room", 20));
  EXPECT_EQ(cursors.find(kAlice, "room"), 10U) << "who has is believed";
}

TEST(CursorsTest, forgets_the_one_that_was_moved_longest_ago) {
  Cursors cursors(2);
  cursors.move(kAlice, "a", 1);
  cursors.move(kAlice, "b", 1);
  cursors.move(kAlice, "a", 2);
  cursors.move(kAlice, "c", 1);
  EXPECT_EQ(cursors.size(), 2U);
  EXPECT_EQ(cursors.find(kAlice, "b"), std::nullopt);
  EXPECT_EQ(cursors.find(kAlice, "a"), 2U);
  EXPECT_FALSE(Cursors(0).move(kAlice, "a", 1)) << "none are kept";
}

}  // namespace
}  // namespace outcry::gateway
