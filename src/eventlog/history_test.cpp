#include "eventlog/history.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace outcry::eventlog {
namespace {

using testing::ElementsAre;
using TestHistory = History<int, std::shared_ptr<int>>;

constexpr TimePoint kStart{};

/// The indexes of a room's entries, newest first, as far as they are left.
std::vector<EntryIndex> chain(const TestHistory& history, EntryIndex newest) {
  std::vector<EntryIndex> out;
  for (EntryIndex at = newest; const auto* entry = history.find(at); at = entry->before) {
    out.push_back(at);
  }
  return out;
}

void append_many(TestHistory& history, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) history.append({.at = kStart, .bytes = 1});
}

TEST(History, the_entries_of_a_room_are_found_from_its_newest) {
  TestHistory history({});
  const EntryIndex a1 = history.append({.room = 1});
  const EntryIndex b1 = history.append({.room = 2});
  const EntryIndex a2 = history.append({.room = 1, .before = a1});
  const EntryIndex a3 = history.append({.room = 1, .before = a2});
  EXPECT_THAT(chain(history, a3), ElementsAre(a3, a2, a1));
  EXPECT_THAT(chain(history, b1), ElementsAre(b1));
  EXPECT_EQ(history.find(0), nullptr);
  EXPECT_EQ(history.find(a3 + 1), nullptr);
}

TEST(History, keeps_as_many_events_as_the_limit_says) {
  TestHistory history({.events_max = 3});
  append_many(history, 3);
  const auto never = [](EntryIndex, const auto&) { ADD_FAILURE(); };
  EXPECT_FALSE(history.trim(kStart, 10, never));
  append_many(history, 2);
  std::vector<EntryIndex> gone;
  EXPECT_FALSE(history.trim(kStart, 10, [&](EntryIndex at, const auto&) { gone.push_back(at); }));
  EXPECT_THAT(gone, ElementsAre(1, 2));
  EXPECT_EQ(history.find(2), nullptr);
  EXPECT_NE(history.find(3), nullptr);
  EXPECT_EQ(history.size(), 3U);
}

TEST(History, keeps_as_many_bytes_as_the_limit_says) {
  TestHistory history({.bytes_max = 100});
  history.append({.bytes = 60});
  history.append({.bytes = 40});
  const auto nothing = [](EntryIndex, const auto&) {};
  (void)history.trim(kStart, 10, nothing);
  EXPECT_EQ(history.size(), 2U);
  history.append({.bytes = 1});
  (void)history.trim(kStart, 10, nothing);
  EXPECT_EQ(history.bytes(), 41U);
}

TEST(History, an_event_that_alone_is_too_big_goes_too) {
  TestHistory history({.bytes_max = 100});
  history.append({.bytes = 101});
  (void)history.trim(kStart, 10, [](EntryIndex, const auto&) {});
  EXPECT_EQ(history.size(), 0U);
}

TEST(History, what_is_too_old_goes) {
  TestHistory history({.age_max = seconds(10)});
  history.append({.at = kStart});
  history.append({.at = kStart + seconds(1)});
  const auto nothing = [](EntryIndex, const auto&) {};
  (void)history.trim(kStart + seconds(10), 10, nothing);
  EXPECT_EQ(history.size(), 2U);
  (void)history.trim(kStart + seconds(11), 10, nothing);
  EXPECT_EQ(history.size(), 1U);
}

TEST(History, trims_no_more_at_once_than_asked_and_says_that_more_is_left) {
  TestHistory history({.events_max = 1});
  append_many(history, 5);
  int calls = 0;
  const auto count = [&](EntryIndex, const auto&) { ++calls; };
  EXPECT_TRUE(history.trim(kStart, 3, count));
  EXPECT_EQ(calls, 3);
  EXPECT_FALSE(history.trim(kStart, 3, count));
  EXPECT_EQ(calls, 4);
}

TEST(History, lets_go_of_what_it_held_when_it_is_trimmed) {
  TestHistory history({.events_max = 0});
  auto held = std::make_shared<int>(1);
  history.append({.payload = held});
  EXPECT_EQ(held.use_count(), 2);
  (void)history.trim(kStart, 1, [](EntryIndex, const auto&) {});
  EXPECT_EQ(held.use_count(), 1);
}

TEST(History, goes_round_for_ever_at_its_limit) {
  TestHistory history({.events_max = 1500});
  EntryIndex expected = 1;
  for (int i = 0; i < 10'000; ++i) {
    const EntryIndex at = history.append({.room = i, .bytes = 1});
    EXPECT_EQ(at, static_cast<EntryIndex>(i) + 1);
    (void)history.trim(kStart, 2, [&](EntryIndex gone, const auto& entry) {
      EXPECT_EQ(gone, expected++);
      EXPECT_EQ(entry.room, static_cast<int>(gone) - 1);
    });
    EXPECT_EQ(history.find(at)->room, i);
  }
  EXPECT_EQ(history.size(), 1500U);
  EXPECT_EQ(history.bytes(), 1500U);
}

}  // namespace
}  // namespace outcry::eventlog
