#include "publisher/event_source.h"

#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

namespace outcry::bench {
namespace {

constexpr const char* kEquity =
    R"({"challenge_id":"bench-0000000","trade_symbol":"EURUSD","at":"0000000000000000000"};)";
constexpr const char* kRisk = R"({"challenge_id":"bench-0000000","at":"0000000000000000000"};)";

std::vector<WeightedTemplate> both(double risk_weight) {
  return {{MessageTemplate(kEquity, EventKind::equity_updated), 1.0},
          {MessageTemplate(kRisk, EventKind::risk_alert), risk_weight}};
}

std::string_view stamp_of(std::string_view message) {
  return message.substr(message.find(R"("at":")") + 6, 19);
}

TEST(EventSource, times_of_publishing_never_repeat_or_go_back) {
  EventSource source(both(1), {.rooms = 5});
  std::string last;
  for (int i = 0; i < 1000; ++i) {
    std::string message;
    source.append(message, source.draw_room());
    const std::string stamp(stamp_of(message));
    EXPECT_LT(last, stamp);
    last = stamp;
  }
}

TEST(EventSource, the_tally_and_the_ledger_hold_every_event) {
  EventSource source(both(0.25), {.rooms = 3, .symbols = 28, .keep_ledger = true});
  std::string message;
  for (int i = 0; i < 1000; ++i) source.append(message, source.draw_room());
  const EventTally& tally = source.tally();
  EXPECT_EQ(tally.sent, 1000U);
  EXPECT_EQ(tally.in_window, 1000U);
  EXPECT_EQ(tally.by_event[0] + tally.by_event[1], 1000U);
  EXPECT_GT(tally.by_event[1], 100U);  // a fifth of them; the seed is fixed
  EXPECT_LT(tally.by_event[1], 300U);
  std::uint64_t equities = 0, alerts = 0, keys = 0;
  for (std::uint32_t room = 0; room < 3; ++room) {
    const RoomStreams& streams = source.ledger()->of(room);
    for (std::size_t slot = 0; slot < streams.size(); ++slot) {
      if (kind_of_slot(slot) == EventKind::risk_alert) {
        alerts += streams[slot].count;
      } else {
        equities += streams[slot].count;
        keys += streams[slot].count > 0 ? 1 : 0;
      }
    }
  }
  EXPECT_EQ(equities, tally.by_event[0]);
  EXPECT_EQ(alerts, tally.by_event[1]);
  EXPECT_EQ(keys, 3 * kSymbols.size());
}

TEST(EventSource, events_outside_the_window_are_not_counted_in_it) {
  EventSource source(both(1), {.from_ns = 1, .to_ns = 2});
  std::string message;
  source.append(message, 0);
  EXPECT_EQ(source.tally().sent, 1U);
  EXPECT_EQ(source.tally().in_window, 0U);
}

TEST(EventSource, the_same_seed_draws_the_same_rooms) {
  EventSource one(both(1), {.rooms = 1000, .seed = 7});
  EventSource other(both(1), {.rooms = 1000, .seed = 7});
  for (int i = 0; i < 100; ++i) EXPECT_EQ(one.draw_room(), other.draw_room());
}

TEST(EventSource, the_report_names_both_events) {
  EXPECT_EQ(by_event_json({.sent = 3, .in_window = 0, .by_event = {2, 1}}),
            R"("by_event":{"equity_updated":2,"risk_alert":1})");
}

}  // namespace
}  // namespace outcry::bench
