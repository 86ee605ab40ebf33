// Clients behind proxies: whose requests they are, and which of them are served. Over TLS too,
// where the run says so.
#include "transport/endpoint_fixture.h"

namespace outcry::transport {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;
using test::get;
using test::kPolling;
using test::kWebSocket;
using test::open_polling;
using test::open_websocket;
using test::Response;
using test::TestClient;
using test::TestWorker;
using test::until;
using test::with_sid;

constexpr std::string_view kSecure = "X-Forwarded-Proto: https\r\n";

/// This machine is a trusted proxy.
TransportOptions behind_proxy(bool proxy_protocol = false) {
  return {.access = {.trusted_proxies = {net::IpRange::parse("127.0.0.1").value()}},
          .proxy_protocol = proxy_protocol};
}

std::string forwarded(std::string_view client) {
  return fmt::format("X-Forwarded-For: {}\r\n{}", client, kSecure);
}

/// The connection that was accepted first.
const Connection& first(TestWorker& worker) {
  return *worker.endpoint.find(ConnectionId{0, 1});
}

TEST(Proxied, each_request_of_a_connection_has_a_client_of_its_own) {
  TestWorker worker(behind_proxy());
  TestClient proxy(worker);
  for (const char* client : {"192.0.2.7", "192.0.2.8", "2001:db8::7"}) {
    EXPECT_EQ(proxy.request(get(kPolling, forwarded(client))).status, 200);
    EXPECT_EQ(worker.application.addresses.back(), client);
  }
  EXPECT_EQ(proxy.request(get(kPolling, kSecure)).status, 200);
  EXPECT_EQ(worker.application.addresses.back(), "127.0.0.1") << "the proxy's own request";
  EXPECT_EQ(first(worker).peer_address().text(), "127.0.0.1") << "between requests the peer's";
}

TEST(Proxied, a_websocket_is_its_clients_for_as_long_as_it_lasts) {
  TestWorker worker(behind_proxy());
  TestClient proxy(worker);
  (void)open_websocket(proxy, forwarded("192.0.2.7"));
  EXPECT_EQ(worker.application.addresses.back(), "192.0.2.7");
  proxy.send_text("4x");
  ASSERT_TRUE(until({&worker}, [&] { return !worker.application.texts.empty(); }));
  EXPECT_EQ(first(worker).peer_address().text(), "192.0.2.7");
}

TEST(Proxied, a_poll_that_waits_is_its_clients) {
  TestWorker worker(behind_proxy());
  TestClient proxy(worker);
  const Response opened = proxy.request(get(kPolling, forwarded("192.0.2.7")));
  const std::string poll = with_sid(kPolling, test::sid_of(opened.body));
  proxy.send(get(poll, forwarded("192.0.2.7")));
  const auto waits = [&] { return first(worker).role() == Role::poll; };
  ASSERT_TRUE(until({&worker}, waits));
  EXPECT_EQ(first(worker).peer_address().text(), "192.0.2.7");
}

TEST(Proxied, a_client_is_known_where_its_connection_is_handed_over_to) {
  TestWorker home(behind_proxy(), 1), away(behind_proxy(), 0);
  away.application.when_handed_over = [&home](WorkerId, HandedOver&& connection) {
    home.endpoint.adopt(std::move(connection));
    return true;
  };
  TestClient opener(home), proxy(away);
  const std::string sid = test::sid_of(opener.request(get(kPolling, kSecure)).body);
  home.session()->send(make_frame("4x"));
  proxy.send(get(with_sid(kPolling, sid), forwarded("192.0.2.7")) +
             get(kPolling, forwarded("192.0.2.8")));
  EXPECT_EQ(proxy.response({&away, &home}).body, "4x");
  EXPECT_EQ(proxy.response({&away, &home}).status, 200);
  EXPECT_EQ(home.application.addresses.back(), "192.0.2.8") << "of the request behind it";
}

TEST(Proxied, headers_of_a_stranger_are_ignored_and_counted) {
  TestWorker worker;
  TestClient client(worker);
  EXPECT_EQ(client.request(get(kPolling, forwarded("192.0.2.7"))).status, 200);
  EXPECT_EQ(worker.application.addresses.back(), "127.0.0.1");
  EXPECT_EQ(worker.stats().forwarded_ignored, 1u);
}

TEST(Proxied, a_list_that_is_none_is_counted) {
  TestWorker worker(behind_proxy());
  TestClient client(worker);
  EXPECT_EQ(client.request(get(kPolling, forwarded("unknown"))).status, 200);
  EXPECT_EQ(worker.application.addresses.back(), "127.0.0.1");
  EXPECT_EQ(worker.stats().forwarded_malformed, 1u);
}

TEST(Proxied, several_header_lines_are_one_list) {
  TestWorker worker(behind_proxy());
  TestClient client(worker);
  const std::string twice = "X-Forwarded-For: 192.0.2.1\r\n" + forwarded("192.0.2.7");
  EXPECT_EQ(client.request(get(kPolling, twice)).status, 200);
  EXPECT_EQ(worker.application.addresses.back(), "192.0.2.7");
}

TEST(Proxied, a_client_that_came_by_plain_http_is_told_so_and_not_served) {
  TestWorker worker(behind_proxy());
  for (const std::string& request : {get(kPolling, "X-Forwarded-Proto: http\r\n"),
                                     test::upgrade(kWebSocket, "X-Forwarded-Proto: http\r\n"),
                                     get("/none", "X-Forwarded-Proto: http\r\n"),
                                     test::post("/none", "body", "X-Forwarded-Proto: http\r\n")}) {
    TestClient client(worker);
    const Response response = client.request(request);
    EXPECT_EQ(response.status, 403);
    EXPECT_NE(response.body.find("use https://"), std::string::npos);
    EXPECT_TRUE(client.waits_for_end());
  }
  EXPECT_EQ(worker.stats().plain_http_refused, 4u);
  EXPECT_EQ(worker.application.refused, std::vector<std::string>(4, "plain_http 127.0.0.1 "));
  EXPECT_EQ(worker.stats().sessions_opened, 0u);
}

TEST(Proxied, a_reload_counts_from_the_next_request_on) {
  TestWorker worker(behind_proxy());
  TestClient client(worker);
  EXPECT_EQ(client.request(get(kPolling, forwarded("192.0.2.7"))).status, 200);
  worker.endpoint.use(std::make_shared<const Access>(AccessOptions{}));
  EXPECT_EQ(client.request(get(kPolling, forwarded("192.0.2.7"))).status, 200);
  EXPECT_EQ(worker.application.addresses.back(), "127.0.0.1") << "nobody is trusted any more";
}

// ---- The PROXY protocol ----

constexpr std::string_view kLine = "PROXY TCP4 192.0.2.7 198.51.100.1 56324 443\r\n";
/// Version 2, 192.0.2.7, with its client over TLS.
const std::string kSecureHeader =
    "\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x14\xC0\0\x02\x07\xC6\x33\x64\x01\xDC\x04\x01\xBB"
    "\x20\0\x05\x01\0\0\0\0"s;

TransportOptions with_proxy_protocol() {
  TransportOptions options = behind_proxy(true);
  options.access.plain_http = true;
  return options;
}

TEST(ProxyProtocol, the_header_names_the_client_of_all_its_requests) {
  for (const std::string& header : {std::string(kLine), kSecureHeader}) {
    TestWorker worker(with_proxy_protocol());
    TestClient client(worker);
    client.begin_with(header);
    (void)open_polling(client);
    (void)open_polling(client);
    EXPECT_EQ(worker.application.addresses, (std::vector<std::string>{"192.0.2.7", "192.0.2.7"}));
  }
}

TEST(ProxyProtocol, a_header_torn_anywhere_is_put_together) {
  for (const std::string& header : {std::string(kLine), kSecureHeader}) {
    for (std::size_t torn = 1; torn < header.size(); ++torn) {
      TestWorker worker(with_proxy_protocol());
      const bool tls = worker.options.tls != nullptr;
      TestClient client(worker);
      client.stop_tls();
      client.send(header.substr(0, torn));
      for (int i = 0; i < 3; ++i) worker.tick();
      EXPECT_EQ(worker.endpoint.connection_count(), 1u);
      if (tls) client.start_tls({});
      client.begin_with(header.substr(torn));
      (void)open_polling(client);
      EXPECT_EQ(worker.application.addresses.back(), "192.0.2.7") << torn;
    }
  }
}

TEST(ProxyProtocol, what_follows_in_the_same_segment_is_the_clients) {
  TestWorker worker(with_proxy_protocol());
  TestClient client(worker);
  client.begin_with(kLine);
  (void)open_websocket(client);
  client.send_text("4x");
  ASSERT_TRUE(until({&worker}, [&] { return !worker.application.texts.empty(); }));
  EXPECT_EQ(first(worker).peer_address().text(), "192.0.2.7");
}

TEST(ProxyProtocol, the_proxys_own_connection_is_its_own) {
  TestWorker worker(with_proxy_protocol());
  for (const std::string& header : {"PROXY UNKNOWN\r\n"s, "\r\n\r\n\0\r\nQUIT\n\x20\x00\0\0"s}) {
    TestClient client(worker);
    client.begin_with(header);
    EXPECT_EQ(client.request(get(kPolling, kSecure)).status, 200);
    EXPECT_EQ(worker.application.addresses.back(), "127.0.0.1");
  }
}

TEST(ProxyProtocol, a_connection_without_a_header_ends_without_an_answer) {
  for (const std::string& other :
       {get("/"), "\x16\x03\x01\x00\x05"s, "PROXY TCP4 nonsense\r\n"s, std::string(200, 'P')}) {
    TestWorker worker(with_proxy_protocol());
    TestClient client(worker);
    client.stop_tls();
    client.send(other);
    EXPECT_TRUE(client.waits_for_end());
    EXPECT_EQ(client.received(), "");
    EXPECT_EQ(worker.stats().proxy_headers_refused, 1u);
    EXPECT_EQ(worker.stats().requests, 0u);
  }
}

TEST(ProxyProtocol, a_second_header_is_no_request) {
  TestWorker worker(with_proxy_protocol());
  TestClient client(worker);
  client.begin_with(kLine);
  EXPECT_EQ(client.request(kLine).status, 400);
}

TEST(ProxyProtocol, a_stranger_may_not_send_one) {
  TransportOptions options = with_proxy_protocol();
  options.access.trusted_proxies = {net::IpRange::parse("192.0.2.1").value()};
  TestWorker worker(options);
  TestClient client(worker);
  client.stop_tls();
  client.send_some(kLine);
  EXPECT_TRUE(client.waits_for_end());
  EXPECT_EQ(worker.stats().proxy_headers_refused, 1u);
  EXPECT_EQ(worker.endpoint.connection_count(), 0u);
}

TEST(ProxyProtocol, a_header_has_the_time_of_a_request) {
  TransportOptions options = with_proxy_protocol();
  options.request_timeout = 50ms;
  TestWorker worker(options);
  TestClient silent(worker), torn(worker);
  silent.stop_tls();
  torn.stop_tls();
  torn.send(kLine.substr(0, 10));
  EXPECT_TRUE(silent.waits_for_end());
  EXPECT_TRUE(torn.waits_for_end());
  EXPECT_TRUE(until({&worker}, [&] { return worker.endpoint.connection_count() == 0; }));
}

TEST(ProxyProtocol, a_proxy_that_ends_while_it_speaks_leaves_nothing_behind) {
  TestWorker worker(with_proxy_protocol());
  for (std::size_t torn = 0; torn < kLine.size(); ++torn) {
    TestClient client(worker);
    client.stop_tls();
    client.send(kLine.substr(0, torn));
    client.close();
  }
  EXPECT_TRUE(until({&worker}, [&] { return worker.stats().connections_closed == kLine.size(); }));
}

TEST(ProxyProtocol, the_client_it_names_is_no_proxy_unless_it_is_trusted) {
  TestWorker worker(with_proxy_protocol());
  TestClient client(worker);
  client.begin_with(kLine);
  EXPECT_EQ(client.request(get(kPolling, forwarded("192.0.2.99"))).status, 200);
  EXPECT_EQ(worker.application.addresses.back(), "192.0.2.7") << "its own headers are its own";
  EXPECT_EQ(worker.stats().forwarded_ignored, 1u);
}

TEST(ProxyProtocol, plain_http_is_served_to_a_client_that_the_header_says_speaks_tls) {
  for (const bool secure : {true, false}) {
    TestWorker worker(behind_proxy(true));
    if (worker.options.tls) return;  // then it is secure either way
    TestClient client(worker);
    client.begin_with(secure ? std::string_view(kSecureHeader) : kLine);
    EXPECT_EQ(client.request(get(kPolling)).status, secure ? 200 : 403);
  }
}

}  // namespace
}  // namespace outcry::transport
