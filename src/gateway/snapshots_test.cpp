#include "gateway/snapshots.h"

#include <optional>

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

class SnapshotsTest : public testing::Test {
 protected:
  Snapshots& with(const SnapshotLimits& limits) { return snapshots_.emplace(rooms_, limits); }
  void store(std::string_view room, std::string_view event,
             const std::vector<transport::SharedFrame>& frames) {
    snapshots_->store(rooms_.find_or_make(0, room), event, frames);
  }
  std::vector<std::string> texts(std::string_view room, NamespaceId namespace_id = 0) {
    std::vector<std::string> out;
    const RoomRecord* record = rooms_.find(namespace_id, room);
    if (record == nullptr) return out;
    for (const auto& frame : Snapshots::frames_of(*record)) out.emplace_back(frame->text());
    return out;
  }

  RoomTable rooms_;
  std::optional<Snapshots> snapshots_;
};

TEST_F(SnapshotsTest, values_come_in_the_order_of_their_last_publication) {
  Snapshots& snapshots = with({});
  store("a", "equity", frames({"41"}));
  store("a", "status", frames({"42", "42alias"}));
  store("a", "equity", frames({"43", "43alias"}));
  EXPECT_THAT(texts("a"), ElementsAre("42", "42alias", "43", "43alias"));
  EXPECT_THAT(texts("b"), IsEmpty());
  EXPECT_THAT(texts("a", 1), IsEmpty());
  EXPECT_EQ(snapshots.bytes(), 2u + 7 + 2 + 7 + 4 * 2);
}

TEST_F(SnapshotsTest, the_room_that_was_longest_without_an_event_makes_room) {
  Snapshots& snapshots = with({.rooms_max = 2});
  store("a", "e", frames({"41"}));
  store("b", "e", frames({"42"}));
  store("a", "e", frames({"43"}));
  store("c", "e", frames({"44"}));
  EXPECT_EQ(snapshots.size(), 2u);
  EXPECT_THAT(texts("a"), ElementsAre("43"));
  EXPECT_EQ(rooms_.find(0, "b"), nullptr) << "nothing else held it";
  EXPECT_THAT(texts("c"), ElementsAre("44"));
}

TEST_F(SnapshotsTest, all_bytes_are_bounded) {
  Snapshots& snapshots = with({.bytes_max = 24});
  store("a", "e", frames({"4aaaaa"}));
  store("b", "e", frames({"4bbbbb"}));
  store("c", "e", frames({"4ccccc"}));
  EXPECT_EQ(snapshots.bytes(), 24u);
  store("d", "e", frames({"4"}));
  EXPECT_EQ(snapshots.bytes(), 19u);
  EXPECT_THAT(texts("a"), IsEmpty());
  store("b", "e", frames({std::string(30, '4')}));  // bigger than all may be
  EXPECT_THAT(texts("b"), IsEmpty());
  EXPECT_THAT(texts("c"), ElementsAre("4ccccc"));
}

TEST_F(SnapshotsTest, a_room_holds_what_a_joiners_outbox_takes) {
  Snapshots& snapshots = with({.room_bytes_max = 16});
  store("a", "first", frames({"4aaaaa"}));
  store("a", "second", frames({"4bbbbb"}));
  EXPECT_EQ(texts("a").size(), 2u);
  store("a", "third", frames({"4"}));
  EXPECT_THAT(texts("a"), ElementsAre("4bbbbb", "4"));
  store("a", "second", frames({std::string(20, '4')}));
  EXPECT_THAT(texts("a"), IsEmpty());
  EXPECT_EQ(snapshots.size(), 0u);
  EXPECT_EQ(snapshots.bytes(), 0u);
}

TEST_F(SnapshotsTest, zero_keeps_nothing) {
  for (const SnapshotLimits& limits :
       {SnapshotLimits{.rooms_max = 0}, SnapshotLimits{.bytes_max = 0}}) {
    EXPECT_EQ(with(limits).size(), 0u);
    RoomRecord& room = rooms_.find_or_make(0, "a");
    rooms_.granted(room, 0);
    store("a", "e", frames({"4"}));
    EXPECT_EQ(snapshots_->size(), 0u);
    EXPECT_THAT(texts("a"), IsEmpty());
  }
}

}  // namespace
}  // namespace outcry::gateway
