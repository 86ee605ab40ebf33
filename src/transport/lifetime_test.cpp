// How long a session may last, and be silent.
#include <set>

#include <gtest/gtest.h>

#include "transport/endpoint_fixture.h"

namespace outcry::transport {
namespace {

using test::open_polling;
using test::open_websocket;
using test::TestClient;
using test::TestWorker;
using test::until;
using namespace std::chrono_literals;

TEST(LifetimeTest, a_session_ends_at_its_age_and_may_come_back) {
  TestWorker worker({.session_max = 40ms});
  TestClient client(worker);
  (void)open_websocket(client);
  EXPECT_EQ(client.frame().close_code(), 4410);
  EXPECT_EQ(worker.application.closed, std::vector{CloseReason::lifetime});
}

TEST(LifetimeTest, a_right_that_ends_sooner_ends_it_sooner) {
  TestWorker worker({.session_max = 24h});
  worker.application.confirms = false;
  worker.application.when_opened = [](EngineSession& session) {
    session.confirm(steady_now() + 1h);
    session.confirm(steady_now() + 20ms);
  };
  TestClient client(worker);
  (void)open_websocket(client);
  EXPECT_EQ(client.frame().close_code(), 4401);
  EXPECT_EQ(worker.application.closed, std::vector{CloseReason::expired});
}

TEST(LifetimeTest, a_right_that_is_renewed_makes_nobody_younger) {
  TestWorker worker({.session_max = 40ms});
  worker.application.confirms = false;
  worker.application.when_opened = [](EngineSession& session) {
    for (int i = 1; i < 5; ++i) session.confirm(steady_now() + std::chrono::hours(i));
  };
  TestClient client(worker);
  (void)open_websocket(client);
  EXPECT_EQ(client.frame().close_code(), 4410);
}

TEST(LifetimeTest, who_is_never_confirmed_is_not_old_but_late) {
  TestWorker worker({.confirm_timeout = 20ms, .session_max = 24h});
  worker.application.confirms = false;
  TestClient client(worker);
  (void)open_websocket(client);
  EXPECT_EQ(client.frame().close_code(), 4408);
}

TEST(LifetimeTest, those_who_came_together_do_not_go_together) {
  constexpr std::size_t kSessions = 50;
  TestWorker worker({.session_max = 300ms, .session_jitter = 0.9});
  TestClient client(worker);
  for (std::size_t i = 0; i < kSessions; ++i) (void)open_polling(client);
  const TimePoint opened = steady_now();
  std::set<std::size_t> left;
  std::set<std::int64_t> ages;
  ASSERT_TRUE(until({&worker}, [&] {
    if (left.insert(worker.endpoint.session_count()).second) {
      ages.insert((steady_now() - opened) / 20ms);
    }
    return worker.endpoint.session_count() == 0;
  }));
  EXPECT_EQ(worker.closed_by(CloseReason::lifetime), kSessions);
  EXPECT_GT(ages.size(), 3u) << "of 15";
}

TEST(LifetimeTest, silence_ends_a_session_heartbeats_notwithstanding) {
  TestWorker worker({.ping_interval = 20ms, .ping_timeout = 10s, .idle_timeout = 60ms});
  TestClient client(worker);
  (void)open_websocket(client);
  test::ServerFrame frame;
  int pings = 0;
  while ((frame = client.frame()).payload == "2") {
    ++pings;
    client.send_text("3");
  }
  EXPECT_EQ(frame.close_code(), 4410);
  EXPECT_EQ(pings, 3);
  EXPECT_EQ(worker.application.closed, std::vector{CloseReason::idle});
}

TEST(LifetimeTest, an_event_in_either_direction_breaks_the_silence) {
  TestWorker worker({.ping_interval = 20ms, .ping_timeout = 10s, .idle_timeout = 40ms});
  for (const bool from_client : {true, false}) {
    TestClient client(worker);
    (void)open_websocket(client);
    for (int pings = 0; pings < 8; ++pings) {
      std::string text = client.text();
      if (text == "4news") text = client.text();
      ASSERT_EQ(text, "2");
      client.send_text("3");
      if (from_client) {
        client.send_text("4x");
      } else {
        worker.session()->send(make_frame("4news"));
      }
    }
  }
  EXPECT_EQ(worker.closed_by(CloseReason::idle), 0u);
}

TEST(LifetimeTest, without_limits_a_session_stays) {
  TestWorker worker({.ping_interval = 10ms, .ping_timeout = 10s});
  TestClient client(worker);
  (void)open_websocket(client);
  for (int pings = 0; pings < 20; ++pings) {
    ASSERT_EQ(client.text(), "2");
    client.send_text("3");
  }
}

}  // namespace
}  // namespace outcry::transport
