// Who is turned away, with which answer, and what one connection may send.
#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "transport/endpoint_fixture.h"

namespace outcry::transport {
namespace {

using test::get;
using test::kPolling;
using test::kWebSocket;
using test::open_polling;
using test::open_websocket;
using test::post;
using test::TestClient;
using test::TestWorker;
using test::until;
using test::upgrade;
using test::with_sid;
using namespace std::chrono_literals;

constexpr TurnedAway kLater{.status = 429, .retry_after = 2'500ms, .why = "Too many.\n"};

bool all_gone(TestWorker& worker) {
  return until({&worker}, [&] { return worker.endpoint.connection_count() == 0; });
}

// ---- Turned away ----

TEST(TurnedAwayTest, seconds_are_whole_and_never_none) {
  EXPECT_EQ(retry_after_line(kLater), "Retry-After: 3\r\n");
  EXPECT_EQ(retry_after_line({.retry_after = 1ms}), "Retry-After: 1\r\n");
  EXPECT_EQ(retry_after_line({}), "Retry-After: 1\r\n");
}

TEST(LimitsTest, a_peer_with_too_many_connections_is_told_before_it_has_asked) {
  TestWorker worker;
  TestClient inside(worker);
  EXPECT_EQ(inside.request(get("/none")).status, 404);
  worker.application.no_connection = kLater;
  TestClient outside(worker);
  if (!worker.options.tls) {
    const auto answer = outside.response();
    EXPECT_EQ(answer.status, 429);
    EXPECT_TRUE(answer.has("Retry-After: 3\r\n"));
    EXPECT_TRUE(answer.has("Connection: close\r\n"));
    EXPECT_EQ(answer.body, kLater.why);
  }
  EXPECT_TRUE(outside.waits_for_end());
  EXPECT_EQ(worker.stats().connections_refused, 1u);
  EXPECT_EQ(inside.request(get("/none")).status, 404);
}

TEST(LimitsTest, over_the_workers_own_limit_it_is_503) {
  TestWorker worker({.connections_max = 1});
  TestClient inside(worker);
  EXPECT_EQ(inside.request(get("/none")).status, 404);
  TestClient outside(worker);
  if (!worker.options.tls) {
    const auto answer = outside.response();
    EXPECT_EQ(answer.status, 503);
    EXPECT_TRUE(answer.has("Retry-After: 5\r\n"));
  }
  EXPECT_TRUE(outside.waits_for_end());
  EXPECT_EQ(worker.stats().limits.refused[static_cast<std::size_t>(limits::Limit::connections)],
            1u);
}

TEST(LimitsTest, a_connection_is_counted_from_its_beginning_to_its_end) {
  TestWorker worker;
  {
    TestClient polls(worker), upgrades(worker);
    (void)open_polling(polls);
    (void)open_websocket(upgrades);
    EXPECT_EQ(worker.application.connected, 2);
    polls.reset();
    upgrades.close();
  }
  EXPECT_TRUE(all_gone(worker));
  EXPECT_EQ(worker.application.connected, 0);
}

TEST(LimitsTest, a_connection_that_goes_to_another_worker_is_counted_there) {
  TestWorker one({}, 0), two({}, 1);
  one.application.when_handed_over = [&](WorkerId, HandedOver&& handed) {
    two.endpoint.adopt(std::move(handed));
    return true;
  };
  TestClient at_two(two), client(one);
  const std::string sid = open_polling(at_two);
  EXPECT_EQ(two.application.connected, 1);
  client.send(get("/none"));
  EXPECT_EQ(client.response().status, 404);
  EXPECT_EQ(one.application.connected, 1);
  client.send(post(with_sid(kPolling, sid), "4hello"));
  EXPECT_EQ(client.response({&one, &two}).status, 200);
  EXPECT_EQ(one.application.connected, 0);
  EXPECT_EQ(two.application.connected, 2);
}

TEST(LimitsTest, a_trusted_proxy_speaks_for_many_and_is_not_counted) {
  TestWorker worker({.access = {.trusted_proxies = {net::IpRange::parse("127.0.0.1").value()}}});
  worker.application.no_connection = kLater;
  TestClient proxy(worker);
  constexpr std::string_view kForwarded =
      "X-Forwarded-For: 192.0.2.7\r\nX-Forwarded-Proto: https\r\n";
  EXPECT_EQ(proxy.request(get(kPolling, kForwarded)).status, 200);
  EXPECT_EQ(worker.application.connected, 0);
  EXPECT_EQ(worker.application.asked_for, std::vector<std::string>{"192.0.2.7"});
}

TEST(LimitsTest, who_may_not_open_a_session_is_told_on_http_before_any_upgrade) {
  TestWorker worker;
  worker.application.no_session = kLater;
  for (const std::string& request : {get(kPolling), upgrade(kWebSocket)}) {
    TestClient client(worker);
    const auto answer = client.request(request);
    EXPECT_EQ(answer.status, 429);
    EXPECT_TRUE(answer.has("Retry-After: 3\r\n"));
    EXPECT_EQ(answer.body, kLater.why);
    EXPECT_TRUE(client.waits_for_end());
  }
  EXPECT_EQ(worker.stats().sessions_refused, 2u);
  EXPECT_TRUE(worker.application.opened.empty());
}

TEST(LimitsTest, who_has_a_session_goes_on) {
  TestWorker worker;
  TestClient client(worker);
  const std::string sid = open_polling(client);
  worker.application.no_session = kLater;
  EXPECT_EQ(client.request(post(with_sid(kPolling, sid), "4hello")).status, 200);
  TestClient upgrades(worker);
  EXPECT_EQ(upgrades.request(upgrade(with_sid(kWebSocket, sid))).status, 101);
}

// ---- What a connection sends ----

class RatesTest : public testing::Test {
 protected:
  void use(TransportOptions options) {
    worker_ = std::make_unique<TestWorker>(std::move(options));
    worker_->application.when_text = [this](EngineSession& session, std::string_view) {
      overdrawn_.push_back(session.overdrawn() > 0ms);
    };
  }
  std::size_t overdrafts() const {
    return static_cast<std::size_t>(std::ranges::count(overdrawn_, true));
  }
  std::uint64_t refused(limits::Limit limit) const {
    return worker_->stats().limits.refused[static_cast<std::size_t>(limit)];
  }

  std::unique_ptr<TestWorker> worker_;
  std::vector<bool> overdrawn_;
};

TEST_F(RatesTest, packets_beyond_the_limit_are_marked_and_the_connection_stays) {
  use({.limits = {.packets = {0.01, 5}}});
  TestClient client(*worker_);
  (void)open_websocket(client);
  for (int i = 0; i < 8; ++i) client.send_text("4x");
  ASSERT_TRUE(until({worker_.get()}, [&] { return overdrawn_.size() == 8; }));
  EXPECT_EQ(overdrawn_, (std::vector<bool>{0, 0, 0, 0, 0, 1, 1, 1}));
  EXPECT_EQ(refused(limits::Limit::connection_packets), 3u);
  EXPECT_FALSE(worker_->session()->closed());
}

TEST_F(RatesTest, who_goes_on_is_disconnected) {
  use({.limits = {.packets = {0.01, 5}}});
  TestClient client(*worker_);
  (void)open_websocket(client);
  for (int i = 0; i < 20; ++i) client.send_text("4x");
  EXPECT_EQ(client.frame().close_code(), 4430);
  EXPECT_EQ(overdrawn_.size(), 10u);
  EXPECT_EQ(worker_->application.closed, std::vector{CloseReason::flood});
}

TEST_F(RatesTest, polling_has_the_same_limits) {
  use({.limits = {.packets = {0.01, 5}}});
  TestClient client(*worker_);
  const std::string sid = open_polling(client);
  EXPECT_EQ(client
                .request(post(with_sid(kPolling, sid),
                              "4a\x1e"
                              "4b\x1e"
                              "4c"))
                .status,
            200);
  EXPECT_EQ(client
                .request(post(with_sid(kPolling, sid),
                              "4d\x1e"
                              "4e\x1e"
                              "4f"))
                .status,
            200);
  EXPECT_EQ(overdrafts(), 1u);
  std::string many = "4x";
  for (int i = 0; i < 10; ++i)
    many +=
        "\x1e"
        "4x";
  EXPECT_EQ(client.request(post(with_sid(kPolling, sid), many)).status, 200);
  EXPECT_EQ(worker_->application.closed, std::vector{CloseReason::flood});
}

TEST_F(RatesTest, bytes_count_whatever_they_are_cut_into) {
  use({.limits = {.bytes = {0.1, 1'000}}});
  TestClient client(*worker_);
  (void)open_websocket(client);
  client.send_text("4" + std::string(900, 'x'));
  client.send_text("4" + std::string(300, 'x'));
  ASSERT_TRUE(until({worker_.get()}, [&] { return overdrawn_.size() == 2; }));
  EXPECT_TRUE(overdrawn_[1]);
  // An endless message of empty fragments.
  client.send(websocket::test::client_frame(websocket::Opcode::text, "4", websocket::test::kMore));
  for (int i = 0; i < 200; ++i) {
    client.send_some(
        websocket::test::client_frame(websocket::Opcode::continuation, "", websocket::test::kMore));
  }
  EXPECT_EQ(client.frame().close_code(), 4430);
  EXPECT_EQ(overdrawn_.size(), 2u);
}

TEST_F(RatesTest, pings_and_unasked_pongs_are_packets) {
  use({.limits = {.packets = {0.01, 5}}});
  for (const auto opcode : {websocket::Opcode::ping, websocket::Opcode::pong}) {
    TestClient client(*worker_);
    (void)open_websocket(client);
    for (int i = 0; i < 20; ++i) client.send(websocket::test::client_frame(opcode, "x"));
    test::ServerFrame frame;
    do frame = client.frame();
    while (frame.opcode == websocket::Opcode::pong);
    EXPECT_EQ(frame.close_code(), 4430);
  }
}

TEST_F(RatesTest, heartbeats_cost_nothing) {
  use({.ping_interval = 20ms, .ping_timeout = 10s, .limits = {.packets = {0.001, 2}}});
  TestClient client(*worker_);
  (void)open_websocket(client);
  for (int i = 0; i < 8; ++i) {
    ASSERT_EQ(client.text(), "2");
    client.send_text("3");
  }
  EXPECT_EQ(refused(limits::Limit::connection_packets), 0u);
}

TEST_F(RatesTest, time_makes_good) {
  use({.limits = {.packets = {100, 2}}});
  TestClient client(*worker_);
  (void)open_websocket(client);
  for (int i = 0; i < 3; ++i) client.send_text("4x");
  ASSERT_TRUE(until({worker_.get()}, [&] {
    return overdrawn_.size() == 3 && worker_->session()->overdrawn() == 0ms;
  }));
}

TEST_F(RatesTest, other_limits_hold_for_who_is_connected_from_the_next_packet_on) {
  use({});
  TestClient client(*worker_);
  (void)open_websocket(client);
  const auto send = [&](std::size_t count) {
    const std::size_t before = overdrawn_.size();
    for (std::size_t i = 0; i < count; ++i) client.send_text("4x");
    ASSERT_TRUE(until({worker_.get()}, [&] { return overdrawn_.size() == before + count; }));
  };
  send(30);
  EXPECT_EQ(overdrafts(), 0u);
  worker_->endpoint.use(ConnectionLimits{.packets = {0.01, 5}});
  send(5);
  EXPECT_EQ(overdrafts(), 0u) << "what was sent before cost nothing";
  send(2);
  EXPECT_EQ(overdrafts(), 2u);
  worker_->endpoint.use(ConnectionLimits{});
  send(1);
  EXPECT_EQ(overdrafts(), 2u);
}

TEST_F(RatesTest, a_dry_run_counts_and_takes_everything) {
  use({.limits = {.packets = {0.01, 5}, .dry_run = true}});
  TestClient client(*worker_);
  (void)open_websocket(client);
  for (int i = 0; i < 30; ++i) client.send_text("4x");
  ASSERT_TRUE(until({worker_.get()}, [&] { return overdrawn_.size() == 30; }));
  EXPECT_EQ(overdrafts(), 0u);
  EXPECT_EQ(refused(limits::Limit::connection_packets), 0u);
  EXPECT_EQ(worker_->stats()
                .limits.would_refuse[static_cast<std::size_t>(limits::Limit::connection_packets)],
            25u);
}

}  // namespace
}  // namespace outcry::transport
