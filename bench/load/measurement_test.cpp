#include "load/measurement.h"

#include <gtest/gtest.h>

namespace outcry::bench {
namespace {

Delivery delivery(std::uint64_t published_ns, std::uint8_t slot = 0) {
  return {.published_ns = published_ns, .own_room = true, .in_sequence = true, .slot = slot};
}

TEST(Measurement, slow_readers_are_spread_evenly) {
  for (const auto& [share, expected] : {std::pair{0.0, 0}, {0.01, 10}, {0.25, 250}, {1.0, 1000}}) {
    const Measurement measurement({.connections = 1000, .slow_share = share});
    int slow = 0, slow_in_first_half = 0;
    for (std::uint32_t i = 0; i < 1000; ++i) {
      slow += measurement.is_slow(i) ? 1 : 0;
      slow_in_first_half += measurement.is_slow(i) && i < 500 ? 1 : 0;
    }
    EXPECT_EQ(slow, expected);
    EXPECT_EQ(slow_in_first_half, expected / 2);
  }
}

TEST(Measurement, a_window_holds_what_was_published_in_it_and_fast_readers_alone) {
  Measurement measurement({.connections = 2, .rooms = 2, .slow_share = 0.5});
  ASSERT_FALSE(measurement.is_slow(0));
  ASSERT_TRUE(measurement.is_slow(1));
  measurement.open_window(100, 200);
  measurement.take(0, delivery(99), 150);   // published before, arrived within
  measurement.take(0, delivery(100), 160);  // 60 ns
  measurement.take(0, delivery(199), 210);  // arrived after
  measurement.take(0, delivery(200), 220);
  measurement.take(1, delivery(150), 190);  // slow
  EXPECT_EQ(measurement.window().delivered, 2U);
  EXPECT_EQ(measurement.window().arrived, 2U);
  EXPECT_EQ(measurement.window().slow_delivered, 1U);
  EXPECT_EQ(measurement.window().latency.max(), 60U);
  EXPECT_EQ(measurement.arrived_total(), 5U);
  measurement.open_window(300, 400);
  EXPECT_EQ(measurement.window().delivered + measurement.window().slow_delivered, 0U);
}

TEST(Measurement, streams_are_summed_from_the_start_of_tracking) {
  Measurement measurement({.connections = 2});
  measurement.take(1, delivery(10), 20);
  EXPECT_TRUE(measurement.streams(1).empty());
  measurement.track(100);
  measurement.take(1, delivery(99), 120);  // a snapshot of an older value
  measurement.take(1, delivery(110), 120);
  measurement.take(1, delivery(115, 28), 130);
  EXPECT_EQ(measurement.streams(1)[0], (StreamSum{.count = 1, .sum = 110, .newest_ns = 110}));
  EXPECT_EQ(measurement.streams(1)[28].newest_ns, 115U);
  EXPECT_EQ(measurement.streams(0)[0], StreamSum{});
  measurement.track(200);
  EXPECT_EQ(measurement.streams(1)[0], StreamSum{});
}

TEST(Measurement, faults_are_counted_wherever_they_come) {
  Measurement measurement({.connections = 1});
  measurement.take(0, {.published_ns = 1, .own_room = false, .in_sequence = true}, 2);
  measurement.take(0, {.published_ns = 1, .own_room = true, .in_sequence = false}, 3);
  EXPECT_EQ(measurement.faults().misdelivered, 1U);
  EXPECT_EQ(measurement.faults().out_of_sequence, 1U);
}

}  // namespace
}  // namespace outcry::bench
