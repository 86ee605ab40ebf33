#include "eventlog/sqlite_log.h"

#include <filesystem>
#include <fstream>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "eventlog/database.h"
#include "eventlog/simulated_disk.h"
#include "eventlog/sqlite_log_state.h"
#include "eventlog/stored_for_test.h"
#include "eventlog/stored_sum.h"

namespace outcry::eventlog {
namespace {

using test::event;
using test::kNow;
using test::numbers;
using test::value;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

/// A log on a simulated disk, which can be closed, crashed and opened again.
class SqliteLogTest : public testing::Test {
 protected:
  SqliteLogTest() { options_ = {.path = "log.db", .vfs = disk_.name()}; }

  SqliteLog& open() {
    log_.reset();
    std::string notice;
    auto opened = SqliteLog::open(options_, notice);
    if (!opened) throw std::runtime_error(opened.error().message() + ": " + notice);
    log_ = std::move(*opened);
    return *log_;
  }
  LogContents reopened() { return *open().load(); }
  LogContents crashed() {
    disk_.power_off();
    log_.reset();
    disk_.power_on();
    return reopened();
  }
  void write(std::vector<Change> changes) { ASSERT_FALSE(log_->write(changes, kNow)); }

  SimulatedDisk disk_{1};
  SqliteLogOptions options_;
  std::unique_ptr<SqliteLog> log_;
};

// ---- What comes back ----

TEST_F(SqliteLogTest, a_new_log_holds_nothing) {
  const LogContents contents = reopened();
  EXPECT_THAT(contents.events, IsEmpty());
  EXPECT_THAT(contents.lives, IsEmpty());
  EXPECT_EQ(contents.last_number, 0U);
  EXPECT_EQ(contents.trimmed_number, 0U);
}

TEST_F(SqliteLogTest, an_event_comes_back_as_it_was) {
  open();
  StoredEvent everything{.number = 2,
                         .at = kNow + seconds(1),
                         .namespace_name = "/admin",
                         .everyone = true,
                         .rooms = {"a", ""},
                         .except = {std::string("\0,\"", 3)},
                         .event = "näme",
                         .arguments = R"({"_placeholder":true,"num":0},"x")",
                         .attachments = {std::string("\0\xff", 2), ""},
                         .id = "abc"};
  write({event(1), everything});
  EXPECT_THAT(reopened().events, ElementsAre(event(1), everything));
}

TEST_F(SqliteLogTest, only_the_newest_value_of_a_key_is_kept) {
  open();
  const StoredValue old{
      .namespace_name = "/", .room = "r", .event = "quote", .key = 1, .at = kNow, .packet = "1"};
  StoredValue other = old, newer = old;
  other.key = ~std::uint64_t{0};  // keys are hashes: all bits
  newer.at = kNow + seconds(1);
  newer.packet = "2";
  write({old, other, newer});
  EXPECT_THAT(reopened().values, ElementsAre(other, newer));
  write({ValueDropped{"/", "r", "quote", 1}});
  EXPECT_THAT(reopened().values, ElementsAre(other));
}

TEST_F(SqliteLogTest, sessions_come_back_with_the_rooms_that_they_are_in) {
  open();
  write({SessionOpened{"sid-1", "alice", "/"}, SessionJoined{"sid-1", "a"},
         SessionJoined{"sid-1", "b"}, SessionJoined{"sid-1", "b"}, SessionLeft{"sid-1", "a"},
         SessionOpened{"sid-2", "bob", "/"}, SessionOpened{"sid-3", "carol", "/"},
         SessionJoined{"sid-3", "c"}, SessionEnded{"sid-3"}});
  EXPECT_THAT(reopened().sessions, ElementsAre(StoredSession{"sid-1", "alice", "/", {"b"}},
                                               StoredSession{"sid-2", "bob", "/", {}}));
}

TEST_F(SqliteLogTest, an_acknowledgement_that_comes_late_takes_nothing_back) {
  open();
  const std::string room("\0challenge_7", 12);
  write({StoredCursor{"alice", room, "", 5, kNow}, StoredCursor{"alice", room, "", 3, kNow},
         StoredCursor{"alice", room, "phone", 1, kNow}});
  EXPECT_THAT(reopened().cursors, ElementsAre(StoredCursor{"alice", room, "", 5, kNow},
                                              StoredCursor{"alice", room, "phone", 1, kNow}));
}

TEST_F(SqliteLogTest, a_receipt_remembers_the_first_sending_and_the_acknowledgement) {
  open();
  write({StoredReceipt{7, "alice", "sid", kNow, {}},
         StoredReceipt{7, "alice", "sid", kNow + seconds(1), kNow + seconds(2)}});
  EXPECT_THAT(*log_->receipts(7, "", 10),
              ElementsAre(StoredReceipt{7, "alice", "sid", kNow, kNow + seconds(2)}));
  EXPECT_THAT(*log_->receipts(8, "", 10), IsEmpty());
}

TEST_F(SqliteLogTest, receipts_are_read_in_pages_by_sid) {
  open();
  const auto of = [](const char* sid) { return StoredReceipt{7, "alice", sid, kNow, {}}; };
  write({of("c"), of("a"), of("b")});
  EXPECT_THAT(*log_->receipts(7, "", 2), ElementsAre(of("a"), of("b")));
  EXPECT_THAT(*log_->receipts(7, "b", 2), ElementsAre(of("c")));
}

TEST_F(SqliteLogTest, an_event_is_found_by_its_number) {
  open();
  write({event(4), event(6)});
  EXPECT_EQ(*log_->event(6), std::optional(event(6)));
  EXPECT_EQ(*log_->event(5), std::nullopt);
}

TEST_F(SqliteLogTest, the_events_of_a_room_are_read_after_a_number) {
  open();
  StoredEvent for_all = event(4), elsewhere = event(5), without = event(6), both = event(7);
  for_all.everyone = true;
  for_all.rooms = {};
  elsewhere.namespace_name = "/admin";
  without.everyone = true;
  without.except = {"challenge_7"};
  both.rooms = {"challenge_8", "challenge_7"};
  write({event(1), event(2, "challenge_8"), event(3), for_all, elsewhere, without, both});
  EXPECT_EQ(numbers(*log_->read("/", "challenge_7", 0, 100)),
            (std::vector<std::uint64_t>{1, 3, 4, 7}));
  EXPECT_EQ(numbers(*log_->read("/", "challenge_7", 1, 2)), (std::vector<std::uint64_t>{3, 4}));
  EXPECT_EQ(numbers(*log_->read("/", "challenge_9", 0, 100)), (std::vector<std::uint64_t>{4, 6}));
}

TEST_F(SqliteLogTest, the_newest_events_are_loaded_and_the_others_said_to_be_missing) {
  options_.events_loaded_max = 2;
  open();
  write({event(1), event(2), event(3)});
  const LogContents contents = reopened();
  EXPECT_EQ(numbers(contents.events), (std::vector<std::uint64_t>{2, 3}));
  EXPECT_EQ(contents.trimmed_number, 1U);
  EXPECT_EQ(contents.last_number, 3U);
}

// ---- Crashes ----

TEST_F(SqliteLogTest, what_was_written_outlives_a_crash) {
  open();
  write({event(1)});
  write({event(2)});
  const LogContents contents = crashed();
  EXPECT_EQ(numbers(contents.events), (std::vector<std::uint64_t>{1, 2}));
  EXPECT_FALSE(contents.end_missing);
}

TEST_F(SqliteLogTest, a_write_that_was_torn_is_there_as_a_whole_or_not_at_all) {
  for (std::uint32_t seed = 0; seed < 200; ++seed) {
    SimulatedDisk disk(seed);
    const SqliteLogOptions options{.path = "log.db", .vfs = disk.name()};
    std::string notice;
    {
      auto log = SqliteLog::open(options, notice);
      ASSERT_TRUE(log) << notice;
      ASSERT_FALSE((*log)->write(std::vector<Change>{event(1)}, kNow));
      disk.lie_about_syncs(true);
      ASSERT_FALSE((*log)->write(
          std::vector<Change>{event(2), event(3), SessionOpened{"s", "u", "/"}}, kNow));
      disk.power_off();
    }
    disk.power_on();
    disk.lie_about_syncs(false);
    auto log = SqliteLog::open(options, notice);
    ASSERT_TRUE(log) << "seed " << seed << ": " << notice;
    const auto contents = (*log)->load();
    ASSERT_TRUE(contents) << "seed " << seed;
    const bool whole = contents->events.size() == 3 && contents->sessions.size() == 1;
    const bool none = contents->events.size() == 1 && contents->sessions.empty();
    EXPECT_TRUE(whole || none) << "seed " << seed;
    EXPECT_EQ(contents->last_number, whole || contents->end_missing ? 3U : 1U);
  }
}

TEST_F(SqliteLogTest, a_write_that_was_damaged_afterwards_ends_the_worth_of_all_lives) {
  open();
  ASSERT_FALSE(log_->begin_life(11, Promise::always, kNow));
  write({event(1)});
  write({event(2)});
  disk_.power_off();
  log_.reset();
  disk_.power_on();
  disk_.damage("log.db-wal", disk_.size("log.db-wal") - 3 * 4'120, 8);
  LogContents contents = reopened();
  EXPECT_TRUE(contents.end_missing);
  EXPECT_THAT(contents.lives, IsEmpty());
  EXPECT_EQ(numbers(contents.events), (std::vector<std::uint64_t>{1}));
  EXPECT_EQ(contents.last_number, 2U) << "it isn't given out again";
  ASSERT_FALSE(log_->begin_life(12, Promise::always, kNow));
  EXPECT_FALSE(crashed().end_missing) << "that was before";
  write({event(3)});
  contents = crashed();
  EXPECT_FALSE(contents.end_missing);
  EXPECT_THAT(contents.lives, ElementsAre(12));
}

TEST_F(SqliteLogTest, a_mark_that_is_no_more_is_no_evidence) {
  open();
  ASSERT_FALSE(log_->begin_life(11, Promise::always, kNow));
  write({event(1)});
  log_.reset();
  disk_.damage("log.db-mark", 0, 24);
  EXPECT_THAT(reopened().lives, ElementsAre(11));
}

TEST_F(SqliteLogTest, a_write_that_fails_leaves_nothing_and_the_next_one_works) {
  open();
  write({event(1)});
  for (const auto& [fault, error] : {std::pair{SimulatedDisk::Fault::full, LogError::disk_full},
                                     {SimulatedDisk::Fault::read_only, LogError::read_only},
                                     {SimulatedDisk::Fault::broken, LogError::io}}) {
    disk_.set_fault(fault);
    EXPECT_EQ(log_->write(std::vector<Change>{event(2)}, kNow), error);
    disk_.set_fault(SimulatedDisk::Fault::none);
  }
  write({event(3)});
  EXPECT_EQ(numbers(crashed().events), (std::vector<std::uint64_t>{1, 3}));
}

TEST_F(SqliteLogTest, a_secret_stays_what_it_was) {
  open();
  const std::string secret = log_->secret("recovery", 32).value();
  EXPECT_EQ(secret.size(), 32U);
  EXPECT_NE(log_->secret("other", 32).value(), secret);
  (void)crashed();
  EXPECT_EQ(log_->secret("recovery", 32).value(), secret);
  EXPECT_FALSE(log_->secret("recovery", 16)) << "not what was made";
}

// ---- Lives ----

TEST_F(SqliteLogTest, positions_of_a_life_that_keeps_its_promise_outlive_a_crash) {
  open();
  ASSERT_FALSE(log_->begin_life(11, Promise::always, kNow));
  EXPECT_THAT(crashed().lives, ElementsAre(11));
  ASSERT_FALSE(log_->begin_life(12, Promise::always, kNow));
  EXPECT_THAT(crashed().lives, ElementsAre(12, 11));
}

TEST_F(SqliteLogTest,
       a_crash_ends_the_worth_of_all_lives_before_if_events_were_still_to_be_written) {
  open();
  ASSERT_FALSE(log_->begin_life(11, Promise::always, kNow));
  ASSERT_FALSE(log_->begin_life(12, Promise::after_clean_end, kNow));
  EXPECT_THAT(crashed().lives, IsEmpty());
  ASSERT_FALSE(log_->begin_life(13, Promise::after_clean_end, kNow));
  ASSERT_FALSE(log_->end_life(kNow));
  EXPECT_THAT(crashed().lives, ElementsAre(13));
  ASSERT_FALSE(log_->begin_life(14, Promise::nothing, kNow));
  ASSERT_FALSE(log_->end_life(kNow));
  ASSERT_FALSE(log_->begin_life(15, Promise::always, kNow));
  EXPECT_THAT(crashed().lives, ElementsAre(15));
}

TEST_F(SqliteLogTest, a_gap_is_noted_on_a_full_disk_and_ends_the_worth_of_all_lives) {
  open();
  ASSERT_FALSE(log_->begin_life(11, Promise::always, kNow));
  disk_.set_fault(SimulatedDisk::Fault::full);
  ASSERT_FALSE(log_->note_gap());
  EXPECT_THAT(crashed().lives, IsEmpty());
  ASSERT_FALSE(log_->begin_life(12, Promise::always, kNow));
  EXPECT_THAT(crashed().lives, ElementsAre(12)) << "the gap was before it";
}

// ---- Retention ----

TEST_F(SqliteLogTest, each_rule_keeps_its_own_number_of_events) {
  options_.retentions = {{.events_max = 2}, {.events_max = 3}};
  open();
  std::vector<Change> changes;
  for (std::uint64_t n = 1; n <= 10; ++n) {
    StoredEvent one = event(n);
    one.retention = n % 2 == 0 ? 0 : 1;
    changes.emplace_back(std::move(one));
  }
  write(std::move(changes));
  EXPECT_EQ(log_->trim(kNow), false);
  const LogContents contents = reopened();
  EXPECT_EQ(numbers(contents.events), (std::vector<std::uint64_t>{5, 7, 8, 9, 10}));
  EXPECT_EQ(contents.trimmed_number, 6U);
  EXPECT_EQ(contents.last_number, 10U);
}

TEST_F(SqliteLogTest, what_is_too_old_or_too_much_goes_a_part_at_a_time) {
  options_.retentions = {{.bytes_max = 100'000, .age_max = seconds(10)}};
  open();
  std::vector<Change> changes;
  for (std::uint64_t n = 1; n <= 1200; ++n) {
    StoredEvent one = event(n);
    one.at = kNow - seconds(n <= 1100 ? 11 : 1);
    changes.emplace_back(std::move(one));
  }
  write(std::move(changes));
  EXPECT_EQ(log_->trim(kNow), true);
  EXPECT_EQ(log_->trim(kNow), true);
  EXPECT_EQ(log_->trim(kNow), false);
  EXPECT_EQ(reopened().events.front().number, 1101U);
  StoredEvent big = event(1201);
  big.arguments = std::string(99'960, ' ') + "1";
  write({big});
  EXPECT_EQ(log_->trim(kNow), false);
  EXPECT_EQ(numbers(reopened().events), (std::vector<std::uint64_t>{1201}));
}

TEST_F(SqliteLogTest, an_event_from_when_the_clock_was_ahead_holds_up_nothing_behind_it) {
  options_.retentions = {{.age_max = seconds(10)}};
  open();
  StoredEvent ahead = event(1);
  ahead.at = kNow + std::chrono::hours(24 * 365);
  write({ahead, event(2)});
  EXPECT_EQ(log_->trim(kNow), false);
  EXPECT_THAT(reopened().events, SizeIs(2));
  EXPECT_EQ(log_->trim(kNow + seconds(10)), false);
  EXPECT_THAT(reopened().events, SizeIs(2));
  EXPECT_EQ(log_->trim(kNow + seconds(11)), false);
  EXPECT_THAT(reopened().events, IsEmpty());
}

TEST_F(SqliteLogTest, totals_are_counted_again_at_a_start) {
  options_.retentions = {{.events_max = 3}};
  open();
  write({event(1), event(2), event(3)});
  open();
  write({event(4)});
  EXPECT_EQ(log_->trim(kNow), false);
  EXPECT_EQ(numbers(reopened().events), (std::vector<std::uint64_t>{2, 3, 4}));
}

TEST_F(SqliteLogTest, events_of_a_rule_that_is_gone_follow_the_last_one) {
  options_.retentions = {{}, {}, {.events_max = 1}};
  open();
  StoredEvent last = event(1);
  last.retention = 2;
  write({last});
  options_.retentions = {{}, {.events_max = 0}};
  open();
  EXPECT_EQ(log_->trim(kNow), false);
  EXPECT_THAT(reopened().events, IsEmpty());
}

}  // namespace
}  // namespace outcry::eventlog
