// What TLS changes at the client port. That all else stays as it is, the other tests show, which
// run a second time over TLS.
#include <openssl/ssl.h>

#include "transport/endpoint_fixture.h"

namespace outcry::transport {
namespace {

using namespace std::chrono_literals;
using test::get;
using test::kPolling;
using test::open_polling;
using test::open_websocket;
using test::TestClient;
using test::TestWorker;
using test::until;
using test::with_sid;

TransportOptions tls_options() {
  return {.tls = test::tls_identity()};
}

TEST(Tls, a_plain_request_is_answered_in_kind_and_nothing_behind_it) {
  TestWorker worker(tls_options());
  TestClient client(worker);
  client.stop_tls();
  client.send(get(kPolling) + get(kPolling));
  const test::Response response = client.response();
  EXPECT_EQ(response.status, 400);
  EXPECT_NE(response.body.find("https://"), std::string::npos);
  EXPECT_TRUE(client.waits_for_end());
  EXPECT_EQ(client.received(), "");
  EXPECT_EQ(worker.stats().tls.errors, 1u);
  EXPECT_EQ(worker.stats().sessions_opened, 0u);
  client.close();
  EXPECT_TRUE(until({&worker}, [&] { return worker.endpoint.connection_count() == 0; }));
}

TEST(Tls, what_is_neither_tls_nor_http_ends_the_connection) {
  TestWorker worker(tls_options());
  TestClient client(worker);
  client.stop_tls();
  client.send("SSH-2.0-OpenSSH_9.2\r\n");
  EXPECT_TRUE(client.waits_for_end());
  EXPECT_EQ(worker.stats().tls.errors, 1u);
  EXPECT_EQ(worker.stats().requests, 0u);
}

TEST(Tls, a_handshake_has_the_time_of_a_request) {
  TestWorker worker({.tls = test::tls_identity(), .request_timeout = 50ms});
  TestClient silent(worker), torn(worker);
  torn.stop_tls();
  torn.send(net::test::TlsClient().output().substr(0, 40));
  EXPECT_TRUE(silent.waits_for_end());
  EXPECT_TRUE(torn.waits_for_end());
  EXPECT_EQ(worker.stats().tls.handshakes, 0u);
}

TEST(Tls, handshakes_and_resumptions_are_counted) {
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    TestWorker worker(tls_options());
    TestClient first(worker);
    first.start_tls({.version = version});
    EXPECT_EQ(first.request(get("/none")).status, 404);
    TestClient second(worker);
    second.start_tls({.version = version, .session = first.tls().session()});
    EXPECT_EQ(second.request(get("/none")).status, 404);
    EXPECT_EQ(worker.stats().tls.handshakes, 2u);
    EXPECT_EQ(worker.stats().tls.resumed, 1u);
    EXPECT_EQ(worker.stats().tls.errors, 0u);
  }
}

TEST(Tls, the_frames_of_a_tick_go_out_in_one_write_and_one_record) {
  TestWorker worker(tls_options());
  TestClient client(worker);
  open_websocket(client);
  const std::uint64_t before = worker.stats().writes;
  for (int i = 0; i < 50; ++i) worker.session()->send(make_frame("4" + std::to_string(i)));
  for (int i = 0; i < 50; ++i) EXPECT_EQ(client.text(), "4" + std::to_string(i));
  EXPECT_EQ(worker.stats().writes, before + 1);
}

TEST(Tls, a_connection_ends_with_close_notify) {
  TestWorker worker(tls_options());
  TestClient http(worker), websocket(worker);
  EXPECT_EQ(http.request(get("/none", "Connection: close\r\n")).status, 404);
  EXPECT_TRUE(http.waits_for_end());
  EXPECT_TRUE(http.tls().closed());

  open_websocket(websocket);
  worker.session()->close(CloseReason::server_close);
  EXPECT_EQ(websocket.frame().close_code(), 1000);
  EXPECT_TRUE(websocket.waits_for_end());
  EXPECT_TRUE(websocket.tls().closed());
}

TEST(Tls, close_notify_without_a_fin_is_the_end_of_a_websocket_and_answered) {
  TestWorker worker(tls_options());
  TestClient client(worker);
  open_websocket(client);
  client.close_tls();
  EXPECT_TRUE(client.waits_for_end());
  EXPECT_TRUE(client.tls().closed());
  EXPECT_EQ(worker.closed_by(CloseReason::transport_close), 1u);
}

TEST(Tls, a_forged_record_ends_the_session) {
  TestWorker worker(tls_options());
  TestClient client(worker);
  open_websocket(client);
  client.stop_tls();
  client.send(std::string("\x17\x03\x03\x00\x20", 5) + std::string(32, 'x'));
  EXPECT_TRUE(client.waits_for_end());
  EXPECT_EQ(worker.stats().tls.errors, 1u);
  EXPECT_EQ(worker.closed_by(CloseReason::transport_error), 1u);
}

TEST(Tls, a_slow_reader_gets_all_of_it_in_order) {
  TestWorker worker(tls_options());
  TestClient client(worker, 4096);
  open_websocket(client);
  const std::string big(20'000, 'x');
  const Connection* connection = worker.endpoint.find(ConnectionId{0, 1});
  int sent = 0;
  ASSERT_TRUE(until({&worker}, [&] {
    worker.session()->send(make_frame("4" + std::to_string(sent++) + big));
    return connection->blocked();
  }));
  for (int i = 0; i < sent; ++i) EXPECT_EQ(client.text(), "4" + std::to_string(i) + big);
  EXPECT_TRUE(until({&worker}, [&] { return !connection->blocked(); }));
}

TEST(Tls, a_connection_that_is_handed_over_keeps_its_keys) {
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    TestWorker home(tls_options(), 1), away(tls_options(), 0);
    away.application.when_handed_over = [&home](WorkerId, HandedOver&& connection) {
      home.endpoint.adopt(std::move(connection));
      return true;
    };
    TestClient opener(home);
    const std::string sid = open_polling(opener);
    TestClient client(away);
    client.start_tls({.version = version});
    for (int i = 0; i < 3; ++i) {
      home.session()->send(make_frame("4x"));
      if (i == 0) {
        client.send(get(with_sid(kPolling, sid)));
      } else {
        client.send_some(get(with_sid(kPolling, sid)));  // away has nothing to do with it any more
      }
      EXPECT_EQ(client.response({&away, &home}).body, "4x");
    }
    EXPECT_EQ(away.endpoint.connection_count(), 0u);
    EXPECT_EQ(away.stats().tls.handshakes, 1u);
    EXPECT_EQ(home.stats().tls.handshakes, 1u) << "the opener's";
    EXPECT_EQ(home.stats().tls.errors, 0u);
  }
}

}  // namespace
}  // namespace outcry::transport
