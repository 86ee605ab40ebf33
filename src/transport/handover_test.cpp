// Requests that arrive at a worker which doesn't hold their session.
#include "transport/endpoint_fixture.h"

namespace outcry::transport {
namespace {

using test::get;
using test::kPolling;
using test::kWebSocket;
using test::open_polling;
using test::post;
using test::Response;
using test::TestClient;
using test::TestWorker;
using test::until;
using test::upgrade;
using test::with_sid;
using websocket::Opcode;
using websocket::test::client_frame;

/// The session lives at home_; requests arrive at away_.
class HandOverTest : public testing::Test {
 protected:
  void start(TransportOptions options = {}) {
    home_.emplace(options, WorkerId{1});
    away_.emplace(std::move(options), WorkerId{0});
    away_->application.when_handed_over = [this](WorkerId worker, HandedOver&& connection) {
      EXPECT_EQ(worker, 1);
      home_->endpoint.adopt(std::move(connection));
      return true;
    };
    opener_.emplace(*home_);
    sid_ = open_polling(*opener_);
    client_.emplace(*away_);
  }
  Response response() { return client_->response({&*away_, &*home_}); }
  std::string polling() const { return with_sid(kPolling, sid_); }

  std::optional<TestWorker> home_, away_;
  std::optional<TestClient> opener_, client_;
  std::string sid_;
};

TEST_F(HandOverTest, a_poll_is_answered_by_its_own_worker) {
  start();
  home_->session()->send(make_frame("4x"));
  client_->send(get(polling()));
  EXPECT_EQ(response().body, "4x");
  EXPECT_EQ(away_->stats().handovers_out, 1u);
  EXPECT_EQ(away_->endpoint.connection_count(), 0u);
  EXPECT_EQ(home_->endpoint.connection_count(), 2u);
}

TEST_F(HandOverTest, a_body_may_arrive_on_both_sides_of_it) {
  for (std::size_t torn = 1; torn < 220; torn += 9) {
    start();
    const std::string request = post(polling(), "4whole") + get("/behind");
    client_->send(request.substr(0, torn));
    for (int i = 0; i < 2; ++i) away_->tick();
    for (int i = 0; i < 2; ++i) home_->tick();
    if (torn < request.size()) client_->send(request.substr(torn));
    EXPECT_EQ(response().body, "ok") << torn;
    EXPECT_EQ(response().status, 404) << torn;
    EXPECT_EQ(home_->application.texts, std::vector<std::string>{"whole"}) << torn;
  }
}

TEST_F(HandOverTest, an_upgrade_takes_the_frames_behind_it_along) {
  start();
  client_->send(upgrade(with_sid(kWebSocket, sid_)) + client_frame(Opcode::text, "2probe") +
                client_frame(Opcode::text, "5") + client_frame(Opcode::text, "4x"));
  EXPECT_EQ(response().status, 101);
  EXPECT_EQ(client_->frame({&*away_, &*home_}).payload, "3probe");
  EXPECT_TRUE(until({&*home_}, [&] { return !home_->application.texts.empty(); }));
  EXPECT_TRUE(home_->session()->is_websocket());
}

TEST_F(HandOverTest, answers_that_are_not_yet_written_go_along) {
  start();
  home_->session()->send(make_frame("4x"));
  client_->send(get("/first") + get(polling()) + get("/last"));
  EXPECT_EQ(response().status, 404);
  EXPECT_EQ(response().body, "4x");
  EXPECT_EQ(response().status, 404);
}

TEST_F(HandOverTest, a_worker_that_does_not_exist_has_no_sessions) {
  start();
  away_->application.when_handed_over = [](WorkerId, HandedOver&&) { return false; };
  client_->send(get(polling()) + get("/next"));
  EXPECT_EQ(client_->response().body, R"({"code":1,"message":"Session ID unknown"})");
  EXPECT_EQ(client_->response().status, 404) << "the connection stays";
  EXPECT_EQ(away_->stats().handovers_refused, 1u);
}

TEST_F(HandOverTest, a_full_mailbox_costs_the_connection) {
  start();
  away_->application.when_handed_over = [](WorkerId, HandedOver&& connection) {
    const HandedOver dropped = std::move(connection);
    return false;
  };
  client_->send(get(polling()));
  EXPECT_TRUE(client_->waits_for_end());
  EXPECT_EQ(away_->stats().handovers_refused, 1u);
  EXPECT_TRUE(until({&*away_}, [&] { return away_->endpoint.connection_count() == 0; }));
  EXPECT_NE(home_->session(), nullptr);
}

TEST_F(HandOverTest, the_other_worker_keeps_its_limit) {
  start({.connections_max = 1});
  client_->send(get(polling()));
  EXPECT_TRUE(until({&*away_, &*home_}, [&] { return client_->ended(); }));
  EXPECT_EQ(home_->stats().connections_refused, 1u);
}

}  // namespace
}  // namespace outcry::transport
