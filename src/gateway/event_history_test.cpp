#include "gateway/event_history.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gateway/event_mark.h"

namespace outcry::gateway {
namespace {

using eventlog::Position;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr TimePoint kNow{};
constexpr std::size_t kMany = 1000;

config::EventlogConfig keeping(std::size_t events_max) {
  config::EventlogConfig config;
  config.events_max = events_max;
  return config;
}

PastEvent event() {
  return {.frames = {.own = transport::make_frame("4x")}};
}

class EventHistoryTest : public testing::Test {
 protected:
  void make(const config::EventlogConfig& config = {}, std::uint64_t last_number = 0) {
    history_.emplace(rooms_, config, 77, last_number);
  }
  RoomRecord& room(std::string_view name) {
    RoomRecord& record = rooms_.find_or_make(0, name);
    if (record.present == 0) rooms_.granted(record, 0);
    return record;
  }
  Position publish(std::string_view name, std::uint64_t durable = 0) {
    const Position position = history_->release(durable, 1);
    history_->add(room(name), event(), kNow);
    return position;
  }
  /// What somebody in this room missed, newest first; nullopt if it can't be said.
  std::optional<std::vector<std::uint64_t>> missed(std::string_view name, std::uint64_t seen,
                                                   std::size_t most = kMany) {
    std::vector<MissedEvent> events;
    if (!history_->collect(room(name), seen, most, events)) return std::nullopt;
    std::vector<std::uint64_t> out;
    for (const MissedEvent& event : events) out.push_back(event.released);
    return out;
  }
  std::uint64_t seen(const Position& position) { return history_->seen_by(position).value(); }

  RoomTable rooms_;
  std::optional<EventHistory> history_;
};

TEST_F(EventHistoryTest, whoever_comes_back_misses_what_was_released_in_his_rooms_since) {
  make();
  const Position first = publish("a");
  publish("b");
  const Position third = publish("a");
  const Position fourth = publish("a");
  EXPECT_THAT(*missed("a", seen(first)), ElementsAre(fourth.released, third.released));
  EXPECT_THAT(*missed("a", seen(fourth)), IsEmpty());
  EXPECT_THAT(*missed("never", seen(first)), IsEmpty());
}

TEST_F(EventHistoryTest, what_was_dropped_is_missed_by_those_who_had_not_seen_it_and_by_no_others) {
  make(keeping(2));
  const Position before = history_->position();
  const Position first = publish("a");
  const Position quiet = publish("b");
  publish("a");
  publish("a");
  EXPECT_FALSE(history_->trim(kNow));
  EXPECT_FALSE(missed("a", seen(before)));
  EXPECT_EQ(missed("a", seen(first))->size(), 2U);
  EXPECT_FALSE(missed("b", seen(first)));
  EXPECT_THAT(*missed("b", seen(quiet)), IsEmpty()) << "nothing was lost in his room";
}

TEST_F(EventHistoryTest, a_room_that_was_forgotten_meanwhile_may_have_had_events) {
  make(keeping(0));
  const Position before = history_->position();
  const Position first = publish("a");
  (void)history_->trim(kNow);
  rooms_.settled(*room("a").room, 0, false);
  EXPECT_EQ(rooms_.find(0, "a"), nullptr);
  EXPECT_FALSE(missed("a", seen(before)));
  EXPECT_THAT(*missed("a", seen(first)), IsEmpty());
}

TEST_F(EventHistoryTest, a_room_is_kept_as_long_as_something_of_it_is) {
  make(keeping(1));
  publish("a");
  rooms_.settled(*room("a").room, 0, false);
  EXPECT_NE(rooms_.find(0, "a"), nullptr);
  publish("b");
  (void)history_->trim(kNow);
  EXPECT_EQ(rooms_.find(0, "a"), nullptr);
}

TEST_F(EventHistoryTest, a_busy_room_of_one_rule_takes_nothing_from_those_of_another) {
  config::EventlogConfig config;
  config.events_max = 100;
  config.rooms = {{"quote_{id}", "events 1"}};
  make(config);
  const Position before = history_->position();
  publish("challenge_1");
  for (int i = 0; i < 5; ++i) {
    publish("quote_1");
    (void)history_->trim(kNow);
  }
  EXPECT_EQ(history_->size(), 2U);
  EXPECT_EQ(missed("challenge_1", seen(before))->size(), 1U);
  EXPECT_FALSE(missed("quote_1", seen(before)));
}

TEST_F(EventHistoryTest, more_than_may_be_sent_is_not_all) {
  make();
  const Position before = history_->position();
  publish("a");
  publish("a");
  EXPECT_TRUE(missed("a", seen(before), 2));
  EXPECT_FALSE(missed("a", seen(before), 1));
}

TEST_F(EventHistoryTest, a_position_that_nobody_gave_out_is_not_understood) {
  make();
  const Position last = publish("a");
  Position position = last;
  position.life = 78;
  EXPECT_FALSE(history_->seen_by(position));
  position = last;
  ++position.released;
  EXPECT_FALSE(history_->seen_by(position)) << "the future";
}

TEST_F(EventHistoryTest, positions_of_an_earlier_run_say_which_of_the_loaded_events_were_seen) {
  make({}, 7);
  history_->know_life(66);
  history_->load(room("a"), 3, event(), kNow);
  history_->load(room("a"), 7, event(), kNow);
  const Position now = publish("a", 8);
  EXPECT_EQ(now.durable, 8U);
  const auto seen_before = [&](std::uint64_t durable) {
    return seen({.life = 66, .durable = durable, .released = 12'345});
  };
  EXPECT_THAT(*missed("a", seen_before(2)), ElementsAre(now.released, 7, 3));
  EXPECT_THAT(*missed("a", seen_before(3)), ElementsAre(now.released, 7));
  EXPECT_THAT(*missed("a", seen_before(7)), ElementsAre(now.released));
  EXPECT_FALSE(history_->seen_by({.life = 66, .durable = 8, .released = 1})) << "not in that run";
}

TEST_F(EventHistoryTest, what_was_trimmed_on_disk_is_missing_after_a_restart) {
  make({}, 7);
  history_->know_life(66);
  history_->note_trimmed(5);
  EXPECT_FALSE(missed("a", seen({.life = 66, .durable = 4, .released = 1})));
  EXPECT_THAT(*missed("a", seen({.life = 66, .durable = 5, .released = 1})), IsEmpty());
}

TEST_F(EventHistoryTest, another_life_in_the_same_run_goes_on_counting) {
  make();
  const Position first = publish("a");
  history_->begin_life(78);
  const Position second = publish("a");
  EXPECT_EQ(second.life, 78U);
  EXPECT_EQ(second.released, first.released + 1);
  EXPECT_THAT(*missed("a", seen(first)), ElementsAre(second.released));
  EXPECT_THAT(*missed("a", seen(second)), IsEmpty());
}

TEST_F(EventHistoryTest, what_is_to_be_acknowledged_is_found_among_the_newest) {
  make();
  const auto publish_marked = [this] {
    const PastEvent past = event();
    transport::set_mark(past.frames.own, std::make_unique<EventMark>());
    history_->release(0, 1);
    history_->add(room("a"), past, kNow);
    return history_->position().released;
  };
  const std::uint64_t first = publish_marked();
  publish("a");
  const std::uint64_t second = publish_marked();
  publish("b");
  publish("a");
  const auto found = [this](std::uint64_t seen, std::size_t most) {
    std::vector<MissedEvent> events;
    history_->to_acknowledge(room("a"), seen, most, events);
    std::vector<std::uint64_t> out;
    for (const MissedEvent& one : events) out.push_back(one.released);
    return out;
  };
  EXPECT_THAT(found(0, kMany), ElementsAre(second, first));
  EXPECT_THAT(found(first, kMany), ElementsAre(second));
  EXPECT_THAT(found(second, kMany), IsEmpty());
  EXPECT_THAT(found(0, 3), ElementsAre(second)) << "the fourth newest isn't looked at";
}

}  // namespace
}  // namespace outcry::gateway
