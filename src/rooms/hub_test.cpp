#include "rooms/hub.h"

#include <map>
#include <random>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace outcry::rooms {
namespace {

SessionId session(std::uint32_t slot, std::uint32_t generation = 1) {
  return {slot, generation};
}

std::set<SessionId> members_of(const Hub& hub, RoomName room) {
  std::set<SessionId> out;
  for (const Hub::Member& member : hub.members(room)) out.insert(member.session);
  return out;
}

TEST(Hub, a_join_is_idempotent_and_tells_the_first_member) {
  Hub hub;
  EXPECT_EQ(hub.join(session(1), {0, "a"}), Change::presence);
  EXPECT_EQ(hub.join(session(1), {0, "a"}), Change::none);
  EXPECT_EQ(hub.join(session(2), {0, "a"}), Change::member);
  EXPECT_EQ(hub.leave(session(1), {0, "a"}), Change::member);
  EXPECT_EQ(hub.leave(session(1), {0, "a"}), Change::none);
  EXPECT_EQ(hub.leave(session(2), {0, "a"}), Change::presence);
  EXPECT_EQ(hub.size(), 0u);
}

TEST(Hub, rooms_of_one_name_in_two_namespaces_are_two_rooms) {
  Hub hub;
  hub.join(session(1), {0, "a"});
  hub.join(session(2), {1, "a"});
  EXPECT_EQ(members_of(hub, {0, "a"}), std::set{session(1)});
  EXPECT_EQ(members_of(hub, {1, "a"}), std::set{session(2)});
}

TEST(Hub, a_closed_session_leaves_all_rooms_and_names_the_emptied_ones) {
  Hub hub;
  hub.join(session(1), {0, ""});
  hub.join(session(1), {0, "mine"});
  hub.join(session(1), {0, "ours"});
  hub.join(session(2), {0, "ours"});
  EXPECT_EQ(hub.room_count(session(1)), 2u);
  std::set<std::string> emptied;
  hub.leave_all(session(1), [&](RoomName room) { emptied.emplace(room.name); });
  EXPECT_THAT(emptied, testing::UnorderedElementsAre("", "mine"));
  EXPECT_EQ(members_of(hub, {0, "ours"}), std::set{session(2)});
  EXPECT_EQ(hub.room_count(session(1)), 0u);
}

// Random joins, leaves and closes against two plain maps.
TEST(Hub, agrees_with_a_simple_model) {
  std::mt19937 random(7);
  Hub hub;
  std::map<std::string, std::set<SessionId>> model;
  for (int step = 0; step < 50'000; ++step) {
    const SessionId who = session(static_cast<std::uint32_t>(random() % 20));
    const std::string room = "room" + std::to_string(random() % 12);
    switch (random() % 5) {
      case 0:
        hub.leave_all(who, [](RoomName) {});
        for (auto& [name, ids] : model) ids.erase(who);
        break;
      case 1:
      case 2:
        EXPECT_EQ(hub.leave(who, {0, room}) != Change::none, model[room].erase(who) == 1);
        break;
      default:
        EXPECT_EQ(hub.join(who, {0, room}) != Change::none, model[room].insert(who).second);
    }
    EXPECT_EQ(hub.is_member(who, {0, room}), model[room].contains(who));
    if (step % 100 == 0) {
      for (const auto& [name, ids] : model) ASSERT_EQ(members_of(hub, {0, name}), ids) << name;
    }
  }
}

}  // namespace
}  // namespace outcry::rooms
