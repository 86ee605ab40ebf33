#include "load/generator.h"

#include <string>

#include <gtest/gtest.h>

#include "common/workload.h"
#include "limit/limit_server.h"
#include "publisher/event_source.h"

namespace outcry::bench {
namespace {

constexpr const char* kRisk =
    R"(42["risk_alert",{"challenge_id":"bench-0000000","executed_at_ns":"0000000000000000000"}])";

/// The generator and a server of one thread, over loopback, taking turns.
struct GeneratorTest : testing::Test {
  static constexpr std::uint32_t kConnections = 12;
  static constexpr std::uint32_t kRooms = 3;

  static sockaddr_in any_port() {
    sockaddr_in out{};
    out.sin_family = AF_INET;
    out.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return out;
  }
  GeneratorOptions options(double slow_share = 0) const {
    GeneratorOptions out;
    out.server = server.address();
    out.host = "127.0.0.1";
    out.connections = kConnections;
    out.rooms = kRooms;
    out.in_flight_max = 5;
    out.mode = SessionMode::bare;
    out.slow_share = slow_share;
    out.slow_buffer_bytes = 4'096;
    return out;
  }
  /// Takes turns until `done`, or far too long.
  template <class Done>
  void turn_until(Generator& generator, Done&& done) {
    for (int turn = 0; turn < 2'000 && !done(); ++turn) {
      server.poll(0);
      generator.poll(1);
    }
    EXPECT_TRUE(done());
  }
  void set_up(Generator& generator) {
    turn_until(generator, [&] { return generator.settled(); });
    ASSERT_EQ(generator.ready(), kConnections);
  }
  /// One event to each member of `room`.
  std::size_t publish(std::uint32_t room) {
    std::string frame;
    source.append(frame, room);
    return server.send_to_room(room, frame);
  }

  LimitServer server{any_port(), kRooms};
  EventSource source{{{MessageTemplate(text_frame(kRisk), EventKind::risk_alert)}},
                     {.rooms = kRooms, .keep_ledger = true}};
};

std::string no_token(std::uint32_t /*user*/) {
  return {};
}

TEST_F(GeneratorTest, every_member_of_a_room_gets_its_events_and_nobody_else) {
  Generator generator(options(), no_token);
  set_up(generator);
  generator.track(false);
  generator.measurement().open_window(0, ~std::uint64_t{0});
  EXPECT_EQ(publish(1), 4U);
  EXPECT_EQ(publish(2), 4U);
  EXPECT_EQ(publish(1), 4U);
  turn_until(generator, [&] { return generator.measurement().arrived_total() == 12; });
  EXPECT_EQ(generator.measurement().window().delivered, 12U);
  EXPECT_EQ(generator.measurement().fairness().events, 3U);
  EXPECT_EQ(generator.measurement().faults().misdelivered, 0U);
  for (std::uint32_t i = 0; i < kConnections; ++i) {
    EXPECT_EQ(judge(source.ledger()->of(generator.room_of(i)), generator.measurement().streams(i),
                    {}, generator.end_of(i)),
              Verdict::complete)
        << i;
  }
}

TEST_F(GeneratorTest, a_stalled_reader_gets_nothing_until_it_reads_on) {
  Generator generator(options(0.5), no_token);
  set_up(generator);
  generator.track(true);
  for (int i = 0; i < 5; ++i) publish(0);  // two fast and two slow members
  turn_until(generator, [&] { return generator.measurement().arrived_total() == 10; });
  generator.poll(1);
  EXPECT_EQ(generator.measurement().arrived_total(), 10U);
  generator.resume();
  turn_until(generator, [&] { return generator.measurement().arrived_total() == 20; });
  EXPECT_EQ(generator.failed(), 0U);
}

TEST_F(GeneratorTest, connections_are_ended_and_opened_again) {
  Generator generator(options(), no_token);
  set_up(generator);
  EXPECT_EQ(generator.reconnect(5), 5U);
  EXPECT_EQ(generator.ready(), kConnections - 5);
  set_up(generator);
  EXPECT_EQ(generator.setup_time().count(), 5U);
  EXPECT_EQ(generator.failed(), 0U);
  turn_until(generator, [&] { return server.connections() == kConnections; });
  EXPECT_EQ(generator.reconnect(0), 0U);
}

TEST_F(GeneratorTest, what_the_server_ends_is_counted_with_its_cause_and_can_come_back) {
  Generator generator(options(), no_token);
  set_up(generator);
  const std::string frame = std::string("\x88\x06", 2) + "\x11\x4dslow";  // 4429
  server.send_to_room(0, frame);
  turn_until(generator, [&] { return generator.failed() == 4; });
  EXPECT_EQ(generator.failures().at("closed by the server: 4429 slow"), 4U);
  EXPECT_EQ(generator.end_of(0).code, kTooSlowCode);
  EXPECT_FALSE(generator.end_of(0).is_open);
  EXPECT_TRUE(generator.end_of(1).is_open);
  EXPECT_EQ(generator.reconnect(0), 4U);
  set_up(generator);
  EXPECT_TRUE(generator.end_of(0).is_open);
}

TEST_F(GeneratorTest, slow_readers_that_are_told_so_do_not_count_as_failed) {
  Generator generator(options(1.0), no_token);
  set_up(generator);
  server.send_to_room(0, std::string("\x88\x06", 2) + "\x11\x4dslow");
  turn_until(generator, [&] { return generator.closed_slow() == 4; });
  EXPECT_EQ(generator.failed(), 0U);
}

}  // namespace
}  // namespace outcry::bench
