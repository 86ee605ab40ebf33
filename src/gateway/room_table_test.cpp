#include "gateway/room_table.h"

#include <gtest/gtest.h>

namespace outcry::gateway {
namespace {

constexpr WorkerSet kFirst = 1, kSecond = 2;

class RoomTableTest : public testing::Test {
 protected:
  rooms::RoomRef grant(WorkerId worker, std::string_view name = "a", NamespaceId id = 0) {
    RoomRecord& record = table_.find_or_make(id, name);
    table_.granted(record, worker);
    return record.room;
  }
  WorkerSet workers_with(std::string_view name = "a", NamespaceId id = 0) {
    const RoomRecord* record = table_.find(id, name);
    return record == nullptr ? 0 : record->present;
  }

  RoomTable table_;
};

TEST_F(RoomTableTest, a_grant_counts_before_the_worker_has_told) {
  const rooms::RoomRef room = grant(0);
  EXPECT_EQ(workers_with(), kFirst);
  table_.settled(*room, 0, true);
  EXPECT_EQ(workers_with(), kFirst);
  table_.emptied(*room, 0);
  EXPECT_EQ(workers_with(), 0u);
  EXPECT_EQ(table_.size(), 0u);
}

TEST_F(RoomTableTest, an_absence_that_is_older_than_the_grant_is_ignored) {
  const rooms::RoomRef room = grant(0);
  table_.settled(*room, 0, true);
  grant(0);
  table_.emptied(*room, 0);  // sent before the second answer arrived
  EXPECT_EQ(workers_with(), kFirst);
  table_.settled(*room, 0, true);
  table_.emptied(*room, 0);
  EXPECT_EQ(table_.size(), 0u);
}

TEST_F(RoomTableTest, only_the_last_of_several_joins_settles) {
  const rooms::RoomRef room = grant(0);
  grant(0);
  grant(0);
  table_.settled(*room, 0, false);  // that one's session was gone
  table_.settled(*room, 0, false);
  EXPECT_EQ(workers_with(), kFirst);
  table_.settled(*room, 0, true);
  EXPECT_EQ(workers_with(), kFirst);
  table_.emptied(*room, 0);
  EXPECT_EQ(table_.size(), 0u);
}

TEST_F(RoomTableTest, a_join_that_came_to_nothing_leaves_nothing) {
  const rooms::RoomRef room = grant(63);
  EXPECT_EQ(workers_with(), WorkerSet{1} << 63);
  table_.settled(*room, 63, false);
  EXPECT_EQ(table_.size(), 0u);
}

TEST_F(RoomTableTest, workers_do_not_settle_for_each_other) {
  const rooms::RoomRef room = grant(0);
  grant(1);
  table_.settled(*room, 0, false);
  EXPECT_EQ(workers_with(), kSecond);
  table_.emptied(*room, 1);
  EXPECT_EQ(workers_with(), kSecond);  // still unsettled there
  table_.settled(*room, 1, false);
  EXPECT_EQ(table_.size(), 0u);
}

TEST_F(RoomTableTest, a_late_word_about_a_room_that_ended_does_not_touch_the_next_of_its_name) {
  const rooms::RoomRef old = grant(0);
  table_.settled(*old, 0, false);
  const rooms::RoomRef fresh = grant(0);
  EXPECT_NE(fresh->number(), old->number());
  table_.settled(*old, 0, false);
  table_.emptied(*old, 0);
  table_.settled(*fresh, 0, true);
  table_.emptied(*old, 0);
  EXPECT_EQ(workers_with(), kFirst);
}

TEST_F(RoomTableTest, a_room_with_values_outlives_its_members) {
  const rooms::RoomRef room = grant(0);
  RoomRecord& record = *table_.find(*room);
  record.snapshot = reinterpret_cast<RoomSnapshot*>(&record);  // held; never looked into here
  table_.settled(*room, 0, false);
  EXPECT_EQ(table_.find(0, "a"), &record);
  record.snapshot = nullptr;
  table_.release(record);
  EXPECT_EQ(table_.size(), 0u);
}

TEST_F(RoomTableTest, namespaces_and_hostile_names_do_not_meet) {
  constexpr std::string_view kOdd("\0a", 2);
  grant(63, "a", 0);
  grant(0, "a", 1);
  grant(1, kOdd, 255);
  EXPECT_EQ(workers_with("a", 0), WorkerSet{1} << 63);
  EXPECT_EQ(workers_with("a", 1), kFirst);
  EXPECT_EQ(workers_with(kOdd, 0), 0u);
  EXPECT_EQ(workers_with(kOdd, 255), kSecond);
}

TEST_F(RoomTableTest, what_a_room_has_dropped_is_known_when_it_comes_again_and_is_no_other_rooms) {
  RoomRecord& room = table_.find_or_make(0, "a");
  room.dropped = 7;
  table_.release(room);
  EXPECT_EQ(table_.size(), 0u);
  EXPECT_EQ(table_.find_or_make(0, "a").dropped, 7u);
  EXPECT_EQ(table_.find_or_make(0, "b").dropped, 0u);
  table_.note_dropped(9);
  EXPECT_EQ(table_.find_or_make(0, "c").dropped, 9u) << "of an earlier run";
}

}  // namespace
}  // namespace outcry::gateway
