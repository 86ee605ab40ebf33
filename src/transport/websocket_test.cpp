// An EngineSession over WebSocket: opening, the upgrade from polling, limits, and ends.
#include "protocol/websocket/deflate.h"
#include "transport/endpoint_fixture.h"

namespace outcry::transport {
namespace {

using test::get;
using test::kPolling;
using test::kWebSocket;
using test::open_polling;
using test::open_websocket;
using test::post;
using test::ServerFrame;
using test::TestClient;
using test::TestWorker;
using test::until;
using test::upgrade;
using test::with_sid;
using websocket::Opcode;
using websocket::test::client_frame;
using namespace std::chrono_literals;

constexpr std::string_view kDeflate = "Sec-WebSocket-Extensions: permessage-deflate\r\n";
constexpr ConnectionId kFirst{0, 1};

TEST(WebSocket, the_open_packet_comes_before_what_the_application_sends) {
  TestWorker worker;
  worker.application.when_opened = [](EngineSession& session) { session.send(make_frame("4hi")); };
  TestClient client(worker);
  (void)open_websocket(client);
  EXPECT_EQ(client.text(), "4hi");
  EXPECT_TRUE(worker.session()->is_websocket());
}

TEST(WebSocket, says_what_program_has_opened_it) {
  TestWorker worker;
  TestClient client(worker);
  (void)open_websocket(client, "User-Agent: Dart/3.4 (dart:io)\r\n");
  EXPECT_EQ(worker.application.user_agents.back(), "Dart/3.4 (dart:io)");
}

TEST(WebSocket, trailers_go_to_those_who_take_them) {
  TestWorker worker;
  bool takes = true;
  worker.application.when_opened = [&](EngineSession& session) {
    session.take_trailers(takes);
    session.send(make_frame(R"(42["e","AAAA"])", {}, 7));
  };
  TestClient first(worker);
  (void)open_websocket(first);
  EXPECT_EQ(first.text(), R"(42["e","AAAA"])");
  takes = false;
  TestClient second(worker);
  (void)open_websocket(second);
  EXPECT_EQ(second.text(), R"(42["e"])");
}

TEST(WebSocket, reads_frames_that_came_in_one_segment_with_the_upgrade) {
  TestWorker worker;
  TestClient client(worker);
  client.send(upgrade(kWebSocket) + client_frame(Opcode::text, "4early"));
  EXPECT_EQ(client.response().status, 101);
  EXPECT_TRUE(until({&worker}, [&] { return !worker.application.texts.empty(); }));
  EXPECT_EQ(worker.application.texts[0], "early");
}

TEST(WebSocket, carries_text_binary_and_pongs_in_order) {
  TestWorker worker;
  worker.application.when_text = [](EngineSession& session, std::string_view text) {
    session.send(make_frame("4" + std::string(text)));
  };
  TestClient client(worker);
  (void)open_websocket(client);
  client.send(client_frame(Opcode::text, "4a") + client_frame(Opcode::ping, "p") +
              client_frame(Opcode::binary, "\x01") + client_frame(Opcode::text, "4b"));
  EXPECT_EQ(client.text(), "4a");
  const ServerFrame pong = client.frame();
  EXPECT_EQ(pong.opcode, Opcode::pong);
  EXPECT_EQ(pong.payload, "p");
  EXPECT_EQ(client.text(), "4b");
  EXPECT_EQ(worker.application.binaries, std::vector<std::string>{"\x01"});
}

TEST(WebSocket, the_close_handshake_repeats_the_code_and_ends_the_connection) {
  TestWorker worker;
  TestClient client(worker);
  (void)open_websocket(client);
  client.send(client_frame(Opcode::close, "\x03\xE8"));
  EXPECT_EQ(client.frame().close_code(), 1000);
  EXPECT_TRUE(client.waits_for_end());
  EXPECT_EQ(worker.application.closed, std::vector{CloseReason::transport_close});
  client.close();
  EXPECT_TRUE(until({&worker}, [&] { return worker.endpoint.connection_count() == 0; }));
}

TEST(WebSocket, each_end_has_its_code) {
  struct Case {
    std::string frame;
    int code;
    CloseReason reason;
  };
  for (const auto& [frame, code, reason] :
       {Case{client_frame(Opcode::text, "x"), 1002, CloseReason::parse_error},
        Case{client_frame(Opcode::text, "2"), 1002, CloseReason::transport_error},
        Case{client_frame(Opcode::text, "4\xFF"), 1007, CloseReason::transport_error},
        Case{client_frame(Opcode::text, std::string(101, '4')), 1009, CloseReason::transport_error},
        Case{std::string("\x81\x01x"), 1002, CloseReason::transport_error}}) {
    TestWorker worker({.message_bytes_max = 100});
    TestClient client(worker);
    (void)open_websocket(client);
    client.send(frame);
    EXPECT_EQ(client.frame().close_code(), code);
    EXPECT_EQ(worker.application.closed, std::vector{reason}) << code;
    EXPECT_TRUE(client.waits_for_end());
  }
}

TEST(WebSocket, a_server_close_follows_what_was_queued) {
  TestWorker worker;
  TestClient client(worker);
  (void)open_websocket(client);
  worker.session()->send(make_frame("4last"));
  worker.session()->close(CloseReason::forced_close);
  EXPECT_EQ(client.text(), "4last");
  EXPECT_EQ(client.frame().close_code(), 1008);
  EXPECT_TRUE(client.waits_for_end());
  EXPECT_EQ(worker.endpoint.session_count(), 0u);
}

TEST(WebSocket, an_unanswered_ping_ends_the_session) {
  TestWorker worker({.ping_interval = 30ms, .ping_timeout = 30ms});
  TestClient client(worker);
  (void)open_websocket(client);
  EXPECT_EQ(client.text(), "2");
  client.send_text("3");
  EXPECT_EQ(client.text(), "2");
  EXPECT_EQ(client.frame().close_code(), 4408);
  EXPECT_EQ(worker.application.closed, std::vector{CloseReason::ping_timeout});
}

TEST(WebSocket, a_broken_connection_ends_the_session) {
  TestWorker worker;
  TestClient client(worker);
  (void)open_websocket(client);
  client.reset();
  EXPECT_TRUE(until({&worker}, [&] { return worker.endpoint.connection_count() == 0; }));
  EXPECT_EQ(worker.endpoint.session_count(), 0u);
  EXPECT_EQ(worker.application.closed.size(), 1u);
}

// ---- Strangers, compression ----

TEST(WebSocket, a_stranger_may_send_little_until_it_is_confirmed) {
  TestWorker worker({.unconfirmed_bytes_max = 10});
  worker.application.confirms = false;
  worker.application.when_text = [](EngineSession& session, std::string_view) {
    session.confirm();
  };
  TestClient client(worker), stranger(worker);
  (void)open_websocket(client);
  client.send_text("4connect");
  client.send_text("4" + std::string(5000, 'x'));
  EXPECT_TRUE(until({&worker}, [&] { return worker.application.texts.size() == 2; }));
  (void)open_websocket(stranger);
  stranger.send_text("4" + std::string(10, 'x'));
  EXPECT_EQ(stranger.frame().close_code(), 1009);
}

TEST(WebSocket, a_bomb_of_a_stranger_costs_its_small_limit) {
  std::string bomb;
  websocket::Deflater().deflate("4" + std::string(500'000, 'x'), bomb);
  ASSERT_LT(bomb.size(), 64u << 10);
  for (const bool confirmed : {false, true}) {
    TestWorker worker({.deflate = true});
    worker.application.confirms = confirmed;
    TestClient client(worker);
    (void)open_websocket(client, kDeflate);
    client.send(client_frame(Opcode::text, bomb, true, true));
    if (confirmed) {
      EXPECT_TRUE(until({&worker}, [&] { return !worker.application.texts.empty(); }));
    } else {
      EXPECT_EQ(client.frame().close_code(), 1009);
      EXPECT_TRUE(worker.application.texts.empty());
    }
  }
}

TEST(WebSocket, compresses_long_packets_for_those_who_agreed) {
  TestWorker worker({.deflate = true, .deflate_bytes_min = 500});
  TestClient client(worker);
  (void)open_websocket(client, kDeflate);
  const std::string packet = "4" + std::string(1000, 'x');
  worker.session()->send(make_frame(packet));
  worker.session()->send(make_frame("4short"));
  const ServerFrame frame = client.frame();
  EXPECT_TRUE(frame.compressed);
  websocket::Inflater inflater;
  const auto inflated = inflater.inflate(as_bytes(frame.payload), 10'000);
  ASSERT_TRUE(inflated);
  EXPECT_EQ(as_text(*inflated), packet);
  const ServerFrame plain = client.frame();
  EXPECT_FALSE(plain.compressed);
  EXPECT_EQ(plain.payload, "4short");
}

TEST(WebSocket, a_client_without_binary_gets_base64) {
  TestWorker worker;
  TestClient client(worker);
  EXPECT_EQ(client.request(upgrade(std::string(kWebSocket) + "&b64=1")).status, 101);
  (void)client.frame();
  worker.session()->send(make_binary_frame(as_bytes("\x01\x02")));
  const ServerFrame frame = client.frame();
  EXPECT_EQ(frame.opcode, Opcode::text);
  EXPECT_EQ(frame.payload, "bAQI=");
}

// ---- The upgrade ----

class UpgradeTest : public testing::Test {
 protected:
  void start(TransportOptions options = {}) {
    worker_.emplace(std::move(options));
    poller_.emplace(*worker_);
    sid_ = open_polling(*poller_);
    socket_.emplace(*worker_);
  }
  void switch_protocols(TestClient& client) const {
    EXPECT_EQ(client.request(upgrade(with_sid(kWebSocket, sid_))).status, 101);
  }
  void probe(TestClient& client) const {
    switch_protocols(client);
    client.send_text("2probe");
    EXPECT_EQ(client.text(), "3probe");
  }
  std::string polling() const { return with_sid(kPolling, sid_); }
  void expect_alive() {
    worker_->session()->send(make_frame("4alive"));
    EXPECT_EQ(poller_->request(get(polling())).body, "4alive");
  }

  std::optional<TestWorker> worker_;
  std::optional<TestClient> poller_, socket_;
  std::string sid_;
};

TEST_F(UpgradeTest, moves_the_session_and_what_waits_to_the_websocket) {
  start();
  poller_->send(get(polling()));
  ASSERT_TRUE(until({&*worker_}, [&] { return worker_->stats().requests == 2; }));
  probe(*socket_);
  EXPECT_EQ(poller_->response().body, "6") << "the waiting poll lets the client go on";
  worker_->session()->send(make_frame("4by polling"));
  EXPECT_EQ(poller_->request(get(polling())).body, "4by polling");
  worker_->session()->send(make_frame("4by websocket"));
  socket_->send_text("5");
  EXPECT_EQ(socket_->text(), "4by websocket");
  EXPECT_EQ(poller_->request(get(polling())).body, R"({"code":3,"message":"Bad request"})");
  EXPECT_EQ(worker_->stats().upgrades, 1u);
}

TEST_F(UpgradeTest, anything_but_a_probe_ends_the_websocket_and_leaves_room_for_another) {
  for (const std::string& first :
       {client_frame(Opcode::text, "4hi"), client_frame(Opcode::text, ""),
        client_frame(Opcode::binary, "\x01"), client_frame(Opcode::close, "\x03\xE8"),
        client_frame(Opcode::text, "\xFF")}) {
    start();
    switch_protocols(*socket_);
    socket_->send(first);
    EXPECT_EQ(socket_->frame().opcode, Opcode::close);
    expect_alive();
    TestClient again(*worker_);
    probe(again);
    again.send_text("5");
    EXPECT_TRUE(until({&*worker_}, [&] { return worker_->session()->is_websocket(); }));
  }
}

TEST_F(UpgradeTest, one_that_times_out_leaves_room_for_another) {
  start({.upgrade_timeout = 50ms});
  probe(*socket_);
  EXPECT_EQ(socket_->frame().close_code(), 1002);
  poller_->send(get(polling()));
  ASSERT_TRUE(until({&*worker_}, [&] { return worker_->stats().requests == 3; }));
  EXPECT_EQ(poller_->received(), "") << "no noop is due any more";
  worker_->session()->send(make_frame("4alive"));
  EXPECT_EQ(poller_->response().body, "4alive");
  TestClient again(*worker_);
  probe(again);
}

TEST_F(UpgradeTest, a_second_websocket_is_refused_and_the_first_goes_on) {
  start();
  probe(*socket_);
  TestClient second(*worker_);
  switch_protocols(second);
  EXPECT_EQ(second.frame().close_code(), 1008);
  socket_->send_text("5");
  ASSERT_TRUE(until({&*worker_}, [&] { return worker_->session()->is_websocket(); }));
  TestClient third(*worker_);
  switch_protocols(third);
  EXPECT_EQ(third.frame().close_code(), 1008);
  worker_->session()->send(make_frame("4x"));
  EXPECT_EQ(socket_->text(), "4x");
}

TEST_F(UpgradeTest, a_body_that_breaks_off_afterwards_does_no_harm) {
  start();
  const std::string body = post(polling(), "4never");
  poller_->send(body.substr(0, body.size() - 1));
  probe(*socket_);
  socket_->send_text("5");
  ASSERT_TRUE(until({&*worker_}, [&] { return worker_->session()->is_websocket(); }));
  poller_->close();
  ASSERT_TRUE(until({&*worker_}, [&] { return worker_->endpoint.connection_count() == 1; }));
  worker_->session()->send(make_frame("4x"));
  EXPECT_EQ(socket_->text(), "4x");
}

TEST_F(UpgradeTest, a_session_that_is_being_closed_says_so_on_the_websocket) {
  start();
  probe(*socket_);
  worker_->session()->send(make_frame("4last"));
  worker_->session()->close(CloseReason::revoked);
  socket_->send_text("5");
  EXPECT_EQ(socket_->text(), "4last");
  EXPECT_EQ(socket_->frame().close_code(), 4402);
}

TEST_F(UpgradeTest, a_session_that_ends_ends_its_probe) {
  start();
  probe(*socket_);
  EXPECT_EQ(poller_->request(post(polling(), "1")).body, "ok");
  EXPECT_EQ(socket_->frame().opcode, Opcode::close);
  EXPECT_TRUE(socket_->waits_for_end());
}

}  // namespace
}  // namespace outcry::transport
