#include "gateway/snapshots.h"

#include <algorithm>
#include <functional>
#include <optional>
#include <span>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace outcry::gateway {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// A frame on the wire is its text and two bytes.
EventFrames frames(std::initializer_list<std::string_view> texts) {
  EventFrames out{.own = transport::make_frame(*texts.begin())};
  for (const std::string_view text : std::span(texts).subspan(1)) {
    out.aliases.push_back(transport::make_frame(text));
  }
  return out;
}

class SnapshotsTest : public testing::Test {
 protected:
  Snapshots& with(const SnapshotLimits& limits) { return snapshots_.emplace(rooms_, limits); }
  void store(std::string_view room, std::string_view event, const EventFrames& frames) {
    const ValueName name{
        .key = std::hash<std::string_view>{}(event), .event = event, .latest = event != "status"};
    snapshots_->store(rooms_.find_or_make(0, room), name, frames, ++released_);
  }
  std::vector<std::uint64_t> missed(std::string_view room, std::uint64_t seen) {
    std::vector<MissedEvent> events;
    Snapshots::collect(rooms_.find_or_make(0, room), seen, events);
    std::vector<std::uint64_t> out;
    for (const MissedEvent& event : events) out.push_back(event.released);
    return out;
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
  std::uint64_t released_ = 0;
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

TEST_F(SnapshotsTest, whoever_comes_back_gets_the_latest_values_that_are_newer) {
  with({});
  store("a", "equity", frames({"41"}));
  store("a", "quote", frames({"42"}));
  store("a", "status", frames({"43"}));  // must: the history has it
  store("a", "equity", frames({"44"}));
  EXPECT_THAT(missed("a", 0), testing::UnorderedElementsAre(4, 2));
  EXPECT_THAT(missed("a", 2), ElementsAre(4));
  EXPECT_THAT(missed("a", 4), IsEmpty());
}

TEST_F(SnapshotsTest, a_room_remembers_that_a_latest_value_was_dropped) {
  with({.room_bytes_max = 16});
  RoomRecord& room = rooms_.find_or_make(0, "a");
  rooms_.granted(room, 0);
  store("a", "status", frames({"4aaaaa"}));
  store("a", "first", frames({"4bbbbb"}));
  store("a", "second", frames({"4ccccc"}));
  EXPECT_EQ(room.dropped, 0u) << "status is no latest value";
  store("a", "third", frames({"4ddddd"}));
  EXPECT_EQ(room.dropped, 2u);
  EXPECT_THAT(texts("a"), ElementsAre("4ccccc", "4ddddd"));
}

TEST_F(SnapshotsTest, a_room_may_have_many_values) {
  with({});
  for (int i = 0; i < 100; ++i) store("a", "quote-" + std::to_string(i), frames({"4old"}));
  for (int i = 0; i < 100; i += 2) store("a", "quote-" + std::to_string(i), frames({"4new"}));
  const auto all = texts("a");
  EXPECT_EQ(all.size(), 100u);
  EXPECT_EQ(std::ranges::count(all, "4new"), 50);
  EXPECT_EQ(all.front(), "4old");
  EXPECT_EQ(all.back(), "4new");
  EXPECT_EQ(missed("a", 100).size(), 50u);
}

TEST_F(SnapshotsTest, values_that_go_first_leave_the_others_where_they_can_be_found) {
  with({.room_bytes_max = 20 * 8});
  for (int i = 0; i < 100; ++i) store("a", "quote-" + std::to_string(i), frames({"4aaaaa"}));
  EXPECT_EQ(texts("a").size(), 20u);
  for (int i = 80; i < 100; ++i) store("a", "quote-" + std::to_string(i), frames({"4bbbbb"}));
  EXPECT_THAT(texts("a"), testing::Each("4bbbbb"));
  EXPECT_EQ(texts("a").size(), 20u);
}

TEST_F(SnapshotsTest, what_has_changed_is_saved_once) {
  Snapshots& snapshots = with({});
  std::vector<std::string> saved;
  const auto save = [&] {
    saved.clear();
    snapshots.save([&](const RoomRecord& room, const RoomSnapshot::Value& value) {
      saved.push_back(std::string(room.room->name()) + "/" + value.event);
    });
  };
  store("a", "equity", frames({"41"}));
  store("a", "equity", frames({"42"}));
  store("a", "quote", frames({"43"}));
  store("b", "equity", frames({"44"}));
  EXPECT_TRUE(snapshots.has_unsaved());
  save();
  EXPECT_THAT(saved, ElementsAre("a/equity", "a/quote", "b/equity"));
  EXPECT_FALSE(snapshots.has_unsaved());
  store("a", "quote", frames({"45"}));
  save();
  EXPECT_THAT(saved, ElementsAre("a/quote"));
  save();
  EXPECT_THAT(saved, IsEmpty());
}

TEST_F(SnapshotsTest, a_room_that_is_dropped_has_nothing_to_save) {
  Snapshots& snapshots = with({.rooms_max = 1});
  store("a", "equity", frames({"41"}));
  store("b", "equity", frames({"42"}));
  int saved = 0;
  snapshots.save([&](const auto&, const auto&) { ++saved; });
  EXPECT_EQ(saved, 1);
}

}  // namespace
}  // namespace outcry::gateway
