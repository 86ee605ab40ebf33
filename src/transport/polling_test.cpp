// An EngineSession over HTTP long polling.
#include "transport/endpoint_fixture.h"

namespace outcry::transport {
namespace {

using test::get;
using test::kPolling;
using test::open_polling;
using test::post;
using test::Response;
using test::TestClient;
using test::TestWorker;
using test::until;
using test::with_sid;
using namespace std::chrono_literals;

constexpr std::string_view kUnknown = R"({"code":1,"message":"Session ID unknown"})";

/// A worker, a client that polls, one that posts, and the session they share.
class PollingTest : public testing::Test {
 protected:
  void start(TransportOptions options = {}) {
    worker_.emplace(std::move(options));
    poller_.emplace(*worker_);
    poster_.emplace(*worker_);
    target_ = with_sid(kPolling, open_polling(*poller_));
  }
  EngineSession& session() { return *worker_->session(); }
  void begin_poll() {
    const std::uint64_t requests = worker_->stats().requests;
    poller_->send(get(target_));
    ASSERT_TRUE(until({&*worker_}, [&] { return worker_->stats().requests > requests; }));
  }
  std::string poll() { return poller_->request(get(target_)).body; }
  Response post_body(std::string_view body) { return poster_->request(post(target_, body)); }
  void expect_gone() {
    TestClient client(*worker_);
    const Response gone = client.request(get(target_));
    EXPECT_EQ(gone.status, 400);
    EXPECT_EQ(gone.body, kUnknown);
    EXPECT_EQ(worker_->endpoint.session_count(), 0u);
  }

  std::optional<TestWorker> worker_;
  std::optional<TestClient> poller_, poster_;
  std::string target_;
};

TEST_F(PollingTest, carries_packets_both_ways) {
  start();
  begin_poll();
  EXPECT_EQ(post_body("4one\x1e"
                      "bAQI=\x1e"
                      "4two")
                .body,
            "ok");
  EXPECT_EQ(worker_->application.texts, (std::vector<std::string>{"one", "two"}));
  EXPECT_EQ(worker_->application.binaries, (std::vector<std::string>{"\x01\x02"}));
  session().send(make_frame("4a"));
  session().send(make_frame("4b"));
  const Response answer = poller_->response();
  EXPECT_EQ(answer.body,
            "4a\x1e"
            "4b");
  EXPECT_TRUE(answer.has("Cache-Control: no-store\r\n"));
}

TEST_F(PollingTest, gives_at_most_its_packets_in_one_answer) {
  start({.polling_packets_max = 2});
  for (const char* packet : {"41", "42", "43"}) session().send(make_frame(packet));
  EXPECT_EQ(poll(),
            "41\x1e"
            "42");
  EXPECT_EQ(poll(), "43");
}

TEST_F(PollingTest, a_second_poll_ends_the_session) {
  start();
  begin_poll();
  EXPECT_EQ(poster_->request(get(target_)).status, 400);
  EXPECT_EQ(poller_->response().body, "1");
  EXPECT_EQ(worker_->closed_by(CloseReason::transport_error), 1u);
  expect_gone();
}

TEST_F(PollingTest, a_second_post_ends_the_session_and_the_first) {
  start();
  begin_poll();
  const std::string whole = post(target_, "4never");
  poster_->send(whole.substr(0, whole.size() - 1));
  worker_->tick();
  TestClient second(*worker_);
  EXPECT_EQ(second.request(post(target_, "4x")).status, 400);
  EXPECT_TRUE(poster_->waits_for_end());
  EXPECT_EQ(poller_->response().body, "1");
  EXPECT_TRUE(worker_->application.texts.empty());
  expect_gone();
}

TEST_F(PollingTest, a_broken_poll_ends_the_session) {
  start();
  begin_poll();
  poller_->close();
  ASSERT_TRUE(until({&*worker_}, [&] { return worker_->session() == nullptr; }));
  EXPECT_EQ(worker_->application.closed, std::vector{CloseReason::transport_error});
  expect_gone();
}

TEST_F(PollingTest, a_reset_is_noticed_while_reading_is_paused) {
  start();
  begin_poll();
  poller_->send(std::string(200'000, 'x'));  // behind the poll: kept up to a limit, then not read
  ASSERT_TRUE(until({&*worker_}, [&] { return worker_->stats().bytes_received > 65'536; }));
  poller_->reset();
  EXPECT_TRUE(until({&*worker_}, [&] { return worker_->session() == nullptr; }));
}

TEST_F(PollingTest, a_broken_post_ends_the_session) {
  start();
  const std::string whole = post(target_, "4never");
  poster_->send(whole.substr(0, whole.size() - 1));
  worker_->tick();
  poster_->close();
  ASSERT_TRUE(until({&*worker_}, [&] { return worker_->session() == nullptr; }));
  expect_gone();
}

TEST_F(PollingTest, a_body_that_is_too_big_ends_its_connection_only) {
  start({.message_bytes_max = 100});
  begin_poll();
  const std::string chunked = fmt::format(
      "POST {} HTTP/1.1\r\nHost: here\r\nTransfer-Encoding: "
      "chunked\r\n\r\n32\r\n{}\r\n33\r\n{}\r\n",
      target_, std::string(50, 'x'), std::string(51, 'x'));
  for (const std::string& request : {post(target_, std::string(101, '4')), chunked}) {
    TestClient big(*worker_);
    EXPECT_EQ(big.request(request).status, 413);
    EXPECT_EQ(post_body("4fits").status, 200) << "while the other still lingers";
  }
  EXPECT_EQ(post_body(std::string(100, '4')).status, 200);
  session().send(make_frame("4x"));
  EXPECT_EQ(poller_->response().body, "4x");
}

TEST_F(PollingTest, a_stranger_may_send_little_until_it_is_confirmed) {
  worker_.emplace(TransportOptions{.unconfirmed_bytes_max = 10});
  worker_->application.confirms = false;
  poller_.emplace(*worker_);
  poster_.emplace(*worker_);
  target_ = with_sid(kPolling, open_polling(*poller_));
  EXPECT_EQ(post_body("4123456789").status, 200);
  const std::string chunked = fmt::format(
      "POST {} HTTP/1.1\r\nHost: here\r\nTransfer-Encoding: chunked\r\n\r\nb\r\n4{}\r\n", target_,
      std::string(10, 'x'));
  for (const std::string& request : {post(target_, "41234567890"), chunked}) {
    TestClient client(*worker_);
    EXPECT_EQ(client.request(request).status, 413);
  }
  session().confirm();
  EXPECT_EQ(post_body(std::string(1000, '4')).status, 200);
  TestClient nobody(*worker_);
  EXPECT_EQ(nobody.request(post(kPolling, std::string(11, 'x'))).status, 413)
      << "a body for no session";
}

TEST_F(PollingTest, a_body_that_arrives_after_the_end_finds_nobody) {
  start();
  const std::string whole = post(target_, "4late");
  poster_->send(whole.substr(0, whole.size() - 1));
  worker_->tick();
  session().close(CloseReason::server_close);
  EXPECT_EQ(poll(),
            "6\x1e"
            "1");
  poster_->send(whole.substr(whole.size() - 1));
  const Response late = poster_->response();
  EXPECT_EQ(late.status, 400);
  EXPECT_EQ(late.body, kUnknown);
}

TEST_F(PollingTest, each_bad_body_ends_the_session_as_the_reference_does) {
  struct Case {
    std::string_view body, farewell;
    CloseReason reason;
  };
  for (const auto& [body, farewell, reason] :
       {Case{"", "1", CloseReason::parse_error}, Case{"abc", "1", CloseReason::parse_error},
        Case{"2", "1", CloseReason::transport_error},
        Case{"1", "6", CloseReason::transport_close}}) {
    start();
    begin_poll();
    EXPECT_EQ(post_body(body).body, "ok") << body;
    EXPECT_EQ(poller_->response().body, farewell) << body;
    EXPECT_EQ(worker_->application.closed, std::vector{reason}) << body;
    expect_gone();
  }
}

TEST_F(PollingTest, a_close_has_an_answer_of_its_own_behind_what_was_queued) {
  start({.polling_packets_max = 1});
  begin_poll();
  session().send(make_frame("4first"));
  session().send(make_frame("4last"));
  session().close(CloseReason::server_close);
  EXPECT_EQ(poller_->response().body, "4first");
  EXPECT_EQ(poll(), "4last");
  EXPECT_EQ(poll(),
            "6\x1e"
            "1");
  expect_gone();

  start();
  begin_poll();
  session().close(CloseReason::server_close);
  EXPECT_EQ(poller_->response().body, "1") << "nothing was queued";
  expect_gone();
}

TEST_F(PollingTest, a_close_waits_for_the_next_poll_but_not_for_ever) {
  start({.close_timeout = 50ms});
  session().close(CloseReason::server_close);
  worker_->tick();
  EXPECT_EQ(session().send(make_frame("4x")), Sent::dropped);
  EXPECT_EQ(poll(),
            "6\x1e"
            "1");
  expect_gone();

  start({.close_timeout = 50ms});
  session().close(CloseReason::server_close);
  ASSERT_TRUE(until({&*worker_}, [&] { return worker_->session() == nullptr; }));
  EXPECT_EQ(worker_->application.closed, std::vector{CloseReason::server_close});
}

TEST_F(PollingTest, a_pong_keeps_the_session_and_silence_ends_it) {
  start({.ping_interval = 50ms, .ping_timeout = 5s});
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(poll(), "2");
    EXPECT_EQ(post_body("3").body, "ok");
  }
  start({.ping_interval = 30ms, .ping_timeout = 30ms});
  EXPECT_EQ(poll(), "2");
  EXPECT_EQ(poll(), "1");
  EXPECT_EQ(worker_->application.closed, std::vector{CloseReason::ping_timeout});
  expect_gone();
}

TEST_F(PollingTest, unasked_pongs_are_no_sign_of_life) {
  start({.ping_interval = 40ms, .ping_timeout = 40ms});
  ASSERT_TRUE(until({&*worker_}, [&] {
    poster_->send_some(post(target_, "4still here"));
    return worker_->session() == nullptr;
  }));
  EXPECT_EQ(worker_->closed_by(CloseReason::ping_timeout), 1u);
}

TEST_F(PollingTest, a_process_that_stood_still_gives_its_clients_their_full_time) {
  start({.ping_interval = 25s, .ping_timeout = 20s});
  const TimePoint late = worker_->loop.now() + 10min;
  EXPECT_FALSE(session().ended_by(late)) << "the ping is only now being sent";
  EXPECT_FALSE(session().ended_by(late + 19s));
  EXPECT_TRUE(session().ended_by(late + 20s));
}

TEST_F(PollingTest, a_session_that_nobody_confirms_ends) {
  worker_.emplace(TransportOptions{.confirm_timeout = 50ms});
  worker_->application.confirms = false;
  poller_.emplace(*worker_);
  target_ = with_sid(kPolling, open_polling(*poller_));
  EXPECT_EQ(poll(), "1");
  EXPECT_EQ(worker_->application.closed, std::vector{CloseReason::confirm_timeout});
}

TEST_F(PollingTest, a_session_that_is_over_its_outbox_is_told_and_ends) {
  start({.outbox_bytes_max = 1000});
  const std::string packet = "4" + std::string(600, 'x');
  EXPECT_EQ(session().send(make_frame(packet)), Sent::queued);
  EXPECT_EQ(session().send(make_frame(packet)), Sent::over_limit);
  EXPECT_EQ(session().send(make_frame(packet)), Sent::dropped);
  worker_->tick();
  EXPECT_EQ(worker_->application.closed, std::vector{CloseReason::outbox_overflow});
  expect_gone();
}

TEST_F(PollingTest, a_volatile_packet_needs_a_waiting_poll) {
  start();
  const FrameRef frame =
      worker_->endpoint.share(make_frame("4now"), {.delivery_class = DeliveryClass::volatile_});
  EXPECT_EQ(session().send(frame), Sent::dropped);
  begin_poll();
  EXPECT_EQ(session().send(frame), Sent::queued);
  EXPECT_EQ(poller_->response().body, "4now");
  EXPECT_EQ(worker_->stats().volatile_dropped, 1u);
}

TEST_F(PollingTest, a_request_behind_a_poll_waits_for_its_answer) {
  start();
  poller_->send(get(target_) + get("/behind") + get("/last"));
  ASSERT_TRUE(until({&*worker_}, [&] { return worker_->stats().requests == 2; }));
  session().send(make_frame("4x"));
  EXPECT_EQ(poller_->response().body, "4x");
  EXPECT_EQ(poller_->response().status, 404);
  EXPECT_EQ(poller_->response().status, 404);
}

TEST_F(PollingTest, an_old_client_polls_on_a_connection_for_each_request) {
  start();
  TestClient old(*worker_);
  old.send("GET " + target_ + " HTTP/1.0\r\n\r\n");
  ASSERT_TRUE(until({&*worker_}, [&] { return worker_->stats().requests == 2; }));
  session().send(make_frame("4x"));
  EXPECT_EQ(old.response().body, "4x");
  EXPECT_TRUE(old.waits_for_end());
  session().send(make_frame("4y"));
  EXPECT_EQ(poll(), "4y");
}

TEST_F(PollingTest, other_methods_leave_the_session_alone) {
  start();
  poster_->send("HEAD " + target_ + " HTTP/1.1\r\nHost: here\r\n\r\n");
  EXPECT_EQ(poster_->response(true).status, 500);
  EXPECT_EQ(poster_->request("PUT " + target_ + " HTTP/1.1\r\nHost: here\r\n\r\n").status, 500);
  session().send(make_frame("4x"));
  EXPECT_EQ(poll(), "4x");
}

TEST(Polling, sessions_have_a_limit_of_their_own) {
  TestWorker worker({.sessions_max = 2});
  TestClient client(worker), extra(worker);
  (void)open_polling(client);
  (void)open_polling(client);
  EXPECT_EQ(extra.request(get(kPolling)).status, 503);
  TestClient socket(worker);
  EXPECT_EQ(socket.request(test::upgrade(test::kWebSocket)).status, 503);
  EXPECT_EQ(worker.stats().sessions_refused, 2u);
}

TEST(Polling, a_foreign_origin_gets_nothing_and_an_allowed_one_its_headers) {
  TestWorker worker({.access = {.allowed_origins = {"https://app"}}});
  TestClient client(worker);
  const Response refused = client.request(get(kPolling, "Origin: https://evil\r\n"));
  EXPECT_EQ(refused.status, 403);
  EXPECT_FALSE(refused.has("Access-Control"));
  EXPECT_EQ(worker.endpoint.session_count(), 0u);
  const Response allowed = client.request(get(kPolling, "Origin: https://app\r\n"));
  EXPECT_TRUE(allowed.has("Access-Control-Allow-Origin: https://app\r\n"));
  TestClient socket(worker);
  EXPECT_EQ(socket.request(test::upgrade(test::kWebSocket, "Origin: https://evil\r\n")).status,
            400);
}

}  // namespace
}  // namespace outcry::transport
