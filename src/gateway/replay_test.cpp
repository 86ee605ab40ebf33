#include "gateway/replay.h"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gateway/snapshots.h"

namespace outcry::gateway {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr TimePoint kNow{};
using Names = std::vector<std::string>;

class ReplayTest : public testing::Test {
 protected:
  /// Publishes "name" to these rooms, under an alias as well if there is one; returns what somebody
  /// who had everything before has seen.
  std::uint64_t publish(const Names& rooms, const std::string& name, const std::string& alias = {},
                        Names except = {}) {
    const std::uint64_t before = history_.position().released;
    PastEvent event{.frames = {.own = transport::make_frame(name)}};
    if (!alias.empty()) event.frames.aliases.push_back(transport::make_frame(alias));
    if (!except.empty()) event.except = std::make_shared<const config::Strings>(std::move(except));
    history_.release(0, event.frames.names());
    for (const std::string& room : rooms) history_.add(member(room), event, kNow);
    return before;
  }
  void set_value(const std::string& room, const std::string& name, std::uint64_t key) {
    const EventFrames frames{.own = transport::make_frame(name), .aliases = {}};
    history_.release(0, 1);
    snapshots_.store(member(room), {.key = key, .event = "equity", .latest = true}, frames,
                     history_.position().released);
  }
  RoomRecord& member(std::string_view name) {
    RoomRecord& record = rooms_.find_or_make(0, name);
    if (record.present == 0) rooms_.granted(record, 0);
    return record;
  }
  std::optional<Names> missed(const Names& rooms, std::uint64_t seen) {
    return names_of(replay_.for_socket(0, rooms, "sid", seen, limits_));
  }
  static std::optional<Names> names_of(const std::optional<ReplayPart>& part) {
    if (!part) return std::nullopt;
    Names out;
    for (const transport::SharedFrame& frame : part->frames) out.emplace_back(frame->text());
    return out;
  }

  RoomTable rooms_;
  config::EventlogConfig config_;
  EventHistory history_{rooms_, config_, 77, 0};
  Snapshots snapshots_{rooms_, {}};
  Replay replay_{rooms_, history_};
  ReplayLimits limits_;
};

TEST_F(ReplayTest, a_socket_gets_what_its_rooms_everyones_and_its_own_got) {
  const std::uint64_t seen = publish({"a"}, "1");
  publish({"b"}, "2");
  publish({""}, "3");
  publish({"sid"}, "4");
  publish({"other"}, "5");
  EXPECT_THAT(*missed({"a", "b"}, seen), ElementsAre("1", "2", "3", "4"));
  EXPECT_THAT(*missed({"b"}, seen + 1), ElementsAre("2", "3", "4"));
}

TEST_F(ReplayTest, an_event_for_several_of_its_rooms_comes_once) {
  const std::uint64_t seen = publish({"a", "b"}, "1");
  EXPECT_THAT(*missed({"a", "b"}, seen), ElementsAre("1"));
}

TEST_F(ReplayTest, an_event_from_which_one_of_its_rooms_was_excepted_does_not_come) {
  const std::uint64_t seen = publish({"a"}, "1", {}, {"b"});
  EXPECT_THAT(*missed({"a"}, seen), ElementsAre("1"));
  EXPECT_THAT(*missed({"a", "b"}, seen), IsEmpty());
}

TEST_F(ReplayTest, who_has_had_one_name_of_an_event_gets_the_other) {
  const std::uint64_t seen = publish({"a"}, "own", "alias");
  publish({"a"}, "next");
  EXPECT_THAT(*missed({"a"}, seen), ElementsAre("own", "alias", "next"));
  EXPECT_THAT(*missed({"a"}, seen + 1), ElementsAre("alias", "next"));
  EXPECT_THAT(*missed({"a"}, seen + 2), ElementsAre("next"));
}

TEST_F(ReplayTest, of_each_key_the_newest_value_comes_in_its_place) {
  const std::uint64_t seen = publish({"a"}, "1");
  set_value("a", "old", 1);
  set_value("a", "other", 2);
  publish({"a"}, "2");
  set_value("a", "new", 1);
  EXPECT_THAT(*missed({"a"}, seen), ElementsAre("1", "other", "2", "new"));
}

TEST_F(ReplayTest, more_than_a_part_comes_in_parts_without_gap_or_repetition) {
  limits_.part_events_max = 2;
  std::uint64_t seen = publish({"a"}, "1", "1b");
  for (const char* name : {"2", "3", "4", "5"}) publish({"a"}, name);
  Names all;
  for (bool more = true; more;) {
    const auto part = replay_.for_socket(0, Names{"a"}, "sid", seen, limits_);
    EXPECT_LE(part->events, 2U);
    for (const transport::SharedFrame& frame : part->frames) all.emplace_back(frame->text());
    seen = part->seen;
    more = part->more;
  }
  EXPECT_THAT(all, ElementsAre("1", "1b", "2", "3", "4", "5"));
  EXPECT_EQ(seen, history_.position().released);
}

TEST_F(ReplayTest, one_event_that_is_bigger_than_a_part_is_a_part) {
  limits_.part_bytes_max = 1;
  const std::uint64_t seen = publish({"a"}, "big");
  publish({"a"}, "next");
  const auto part = replay_.for_socket(0, Names{"a"}, "sid", seen, limits_);
  EXPECT_THAT(*names_of(part), ElementsAre("big"));
  EXPECT_TRUE(part->more);
}

TEST_F(ReplayTest, more_than_may_be_missed_is_nothing) {
  limits_.events_max = 2;
  const std::uint64_t seen = publish({"a"}, "1");
  publish({"a"}, "2");
  EXPECT_TRUE(missed({"a"}, seen));
  publish({"a"}, "3");
  EXPECT_FALSE(missed({"a"}, seen));
  EXPECT_TRUE(missed({"a"}, seen + 1));
}

TEST_F(ReplayTest, who_joins_gets_the_events_that_he_wants_and_all_newest_values) {
  set_value("a", "value", 1);
  const std::uint64_t seen = publish({"a"}, "1");
  publish({"a"}, "2");
  EXPECT_THAT(*names_of(replay_.of_room(member("a"), seen + 1, limits_)),
              ElementsAre("value", "2"));
  EXPECT_THAT(*names_of(replay_.last_of_room(member("a"), 1, limits_)), ElementsAre("value", "2"));
  EXPECT_THAT(*names_of(replay_.last_of_room(member("a"), 9, limits_)),
              ElementsAre("value", "1", "2"));
}

TEST_F(ReplayTest, the_last_events_are_those_that_fit) {
  publish({"a"}, "1");
  publish({"a"}, "2");
  limits_.part_bytes_max = transport::make_frame("2")->wire().size() + 1;
  EXPECT_THAT(*names_of(replay_.last_of_room(member("a"), 9, limits_)), ElementsAre("2"));
}

}  // namespace
}  // namespace outcry::gateway
