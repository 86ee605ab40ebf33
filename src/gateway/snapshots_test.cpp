#include "gateway/snapshots.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace outcry::gateway {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// A frame on the wire is its text and two bytes.
std::vector<transport::SharedFrame> frames(std::initializer_list<std::string_view> texts) {
  std::vector<transport::SharedFrame> out;
  for (const std::string_view text : texts) out.push_back(transport::make_frame(text));
  return out;
}
std::vector<std::string> texts(const Snapshots& snapshots, std::string_view room,
                               NamespaceId namespace_id = 0) {
  std::vector<std::string> out;
  for (const auto& frame : snapshots.find(namespace_id, room)) out.emplace_back(frame->text());
  return out;
}

TEST(SnapshotsTest, values_come_in_the_order_of_their_last_publication) {
  Snapshots snapshots({});
  snapshots.store(0, "a", "equity", frames({"41"}));
  snapshots.store(0, "a", "status", frames({"42", "42alias"}));
  snapshots.store(0, "a", "equity", frames({"43", "43alias"}));
  EXPECT_THAT(texts(snapshots, "a"), ElementsAre("42", "42alias", "43", "43alias"));
  EXPECT_THAT(texts(snapshots, "b"), IsEmpty());
  EXPECT_THAT(texts(snapshots, "a", 1), IsEmpty());
  EXPECT_EQ(snapshots.bytes(), 2u + 7 + 2 + 7 + 4 * 2);
}

TEST(SnapshotsTest, the_room_that_was_longest_without_an_event_makes_room) {
  Snapshots snapshots({.rooms_max = 2});
  snapshots.store(0, "a", "e", frames({"41"}));
  snapshots.store(0, "b", "e", frames({"42"}));
  snapshots.store(0, "a", "e", frames({"43"}));
  snapshots.store(0, "c", "e", frames({"44"}));
  EXPECT_EQ(snapshots.size(), 2u);
  EXPECT_THAT(texts(snapshots, "a"), ElementsAre("43"));
  EXPECT_THAT(texts(snapshots, "b"), IsEmpty());
  EXPECT_THAT(texts(snapshots, "c"), ElementsAre("44"));
}

TEST(SnapshotsTest, all_bytes_are_bounded) {
  Snapshots snapshots({.bytes_max = 24});
  snapshots.store(0, "a", "e", frames({"4aaaaa"}));
  snapshots.store(0, "b", "e", frames({"4bbbbb"}));
  snapshots.store(0, "c", "e", frames({"4ccccc"}));
  EXPECT_EQ(snapshots.bytes(), 24u);
  snapshots.store(0, "d", "e", frames({"4"}));
  EXPECT_EQ(snapshots.bytes(), 19u);
  EXPECT_THAT(texts(snapshots, "a"), IsEmpty());
  snapshots.store(0, "b", "e", frames({std::string(30, '4')}));  // bigger than all may be
  EXPECT_THAT(texts(snapshots, "b"), IsEmpty());
  EXPECT_THAT(texts(snapshots, "c"), ElementsAre("4ccccc"));
}

TEST(SnapshotsTest, a_room_holds_what_a_joiners_outbox_takes) {
  Snapshots snapshots({.room_bytes_max = 16});
  snapshots.store(0, "a", "first", frames({"4aaaaa"}));
  snapshots.store(0, "a", "second", frames({"4bbbbb"}));
  EXPECT_EQ(texts(snapshots, "a").size(), 2u);
  snapshots.store(0, "a", "third", frames({"4"}));
  EXPECT_THAT(texts(snapshots, "a"), ElementsAre("4bbbbb", "4"));
  snapshots.store(0, "a", "second", frames({std::string(20, '4')}));
  EXPECT_THAT(texts(snapshots, "a"), IsEmpty());
  EXPECT_EQ(snapshots.size(), 0u);
  EXPECT_EQ(snapshots.bytes(), 0u);
}

TEST(SnapshotsTest, zero_keeps_nothing) {
  Snapshots no_rooms({.rooms_max = 0});
  no_rooms.store(0, "a", "e", frames({"4"}));
  EXPECT_EQ(no_rooms.size(), 0u);
  Snapshots no_bytes({.bytes_max = 0});
  no_bytes.store(0, "a", "e", frames({"4"}));
  EXPECT_EQ(no_bytes.size(), 0u);
}

}  // namespace
}  // namespace outcry::gateway
