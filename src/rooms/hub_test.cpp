#include "rooms/hub.h"

#include <map>
#include <random>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace outcry::rooms {
namespace {

using testing::UnorderedElementsAre;

SessionId session(std::uint32_t slot) {
  return {slot, 1};
}

RoomRef room(RoomNumber number, std::string_view name, NamespaceId namespace_id = 0) {
  std::string key(1, static_cast<char>(namespace_id));
  return make_room(number, key += name);
}

std::multiset<std::uint32_t> members_of(const Hub& hub, RoomNumber number) {
  std::multiset<std::uint32_t> out;
  for (const Hub::Member& member : hub.members(number)) out.insert(member.session);
  return out;
}

TEST(Room, knows_its_namespace_and_its_name_whatever_bytes_it_has) {
  const RoomRef odd = room(9, std::string_view("\0a", 2), 255);
  EXPECT_EQ(odd->number(), 9u);
  EXPECT_EQ(odd->namespace_id(), 255);
  EXPECT_EQ(odd->name(), std::string_view("\0a", 2));
}

TEST(Hub, a_delivery_that_was_lost_is_noticed_by_the_next_one) {
  Hub hub;
  hub.join(session(1), room(1, "a"));
  EXPECT_TRUE(hub.receive(1, 7).in_line) << "the first since there are members";
  EXPECT_TRUE(hub.receive(1, 8).in_line);
  EXPECT_FALSE(hub.receive(1, 10).in_line);
  EXPECT_TRUE(hub.receive(1, 11).in_line) << "once for each gap";
  EXPECT_TRUE(hub.receive(1, 0).in_line) << "not numbered";
  EXPECT_EQ(hub.receive(1, 12).members.size(), 1U);
  hub.leave(session(1), 1);
  hub.join(session(2), room(1, "a"));
  EXPECT_TRUE(hub.receive(1, 20).in_line) << "nobody was there for those before";
  EXPECT_TRUE(hub.receive(2, 1).members.empty());
}

TEST(Hub, numbers_of_deliveries_begin_again) {
  constexpr std::uint32_t kLast = 0xffffffff;
  EXPECT_EQ(Hub::next_sequence(0), 1U);
  EXPECT_EQ(Hub::next_sequence(kLast), 1U);
  Hub hub;
  hub.join(session(1), room(1, "a"));
  EXPECT_TRUE(hub.receive(1, kLast).in_line);
  EXPECT_TRUE(hub.receive(1, 1).in_line);
}

TEST(Hub, a_join_is_idempotent_and_tells_the_first_member) {
  Hub hub;
  const RoomRef a = room(1, "a");
  EXPECT_EQ(hub.join(session(1), a), Change::presence);
  EXPECT_EQ(hub.join(session(1), a), Change::none);
  EXPECT_EQ(hub.join(session(2), a), Change::member);
  EXPECT_EQ(hub.leave(session(1), 1), Change::member);
  EXPECT_EQ(hub.leave(session(1), 1), Change::none);
  EXPECT_EQ(hub.leave(session(2), 1), Change::presence);
  EXPECT_EQ(hub.size(), 0u);
  EXPECT_EQ(a.use_count(), 1u) << "an empty room is let go";
}

TEST(Hub, a_sessions_room_is_found_by_its_name_in_its_namespace) {
  Hub hub;
  hub.join(session(1), room(1, "a", 0));
  hub.join(session(1), room(2, "a", 1));
  hub.join(session(2), room(3, "b", 0));
  EXPECT_EQ(hub.find(session(1), 0, "a")->number(), 1u);
  EXPECT_EQ(hub.find(session(1), 1, "a")->number(), 2u);
  EXPECT_FALSE(hub.find(session(1), 0, "b"));
  EXPECT_FALSE(hub.find(session(9), 0, "a"));
}

TEST(Hub, a_closed_session_leaves_all_rooms_and_names_the_emptied_ones) {
  Hub hub;
  const RoomRef mine = room(1, "mine"), ours = room(2, "ours"), other = room(3, "other");
  for (const RoomRef& joined : {mine, ours, other}) hub.join(session(1), joined);
  hub.join(session(2), ours);
  EXPECT_EQ(hub.room_count(session(1)), 3u);
  std::set<std::string> emptied;
  hub.leave_all(session(1), [&](const RoomRef& gone) { emptied.emplace(gone->name()); });
  EXPECT_THAT(emptied, UnorderedElementsAre("mine", "other"));
  EXPECT_THAT(members_of(hub, 2), UnorderedElementsAre(2u));
  EXPECT_EQ(hub.room_count(session(1)), 0u);
}

TEST(Hub, an_unknown_room_has_no_members) {
  const Hub hub;
  EXPECT_TRUE(hub.members(0).empty());
  EXPECT_TRUE(hub.members(77).empty());
}

// Random joins, leaves and closes against two plain maps.
TEST(Hub, agrees_with_a_simple_model) {
  std::mt19937 random(7);
  Hub hub;
  std::vector<RoomRef> rooms;
  for (RoomNumber i = 0; i < 12; ++i) rooms.push_back(room(i + 1, "room" + std::to_string(i)));
  std::map<RoomNumber, std::multiset<std::uint32_t>> model;
  for (int step = 0; step < 50'000; ++step) {
    const SessionId who = session(static_cast<std::uint32_t>(random() % 20));
    const RoomRef& where = rooms[random() % rooms.size()];
    auto& expected = model[where->number()];
    switch (random() % 8) {
      case 0:
        hub.leave_all(who, [](const RoomRef&) {});
        for (auto& [number, ids] : model) ids.erase(who.slot);
        break;
      case 1:
      case 2:
        EXPECT_EQ(hub.leave(who, where->number()) != Change::none, expected.erase(who.slot) == 1);
        break;
      default:
        if (hub.join(who, where) != Change::none) {
          EXPECT_FALSE(expected.contains(who.slot));
          expected.insert(who.slot);
        }
    }
    EXPECT_EQ(hub.is_member(who, where->number()), expected.contains(who.slot));
    if (step % 100 != 0) continue;
    std::size_t inhabited = 0;
    for (const auto& [number, ids] : model) {
      ASSERT_EQ(members_of(hub, number), ids) << number;
      inhabited += ids.empty() ? 0 : 1;
    }
    ASSERT_EQ(hub.size(), inhabited);
  }
}

}  // namespace
}  // namespace outcry::rooms
