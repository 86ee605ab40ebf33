// Pages that may not connect, on every way in.
#include "transport/endpoint_fixture.h"

namespace outcry::transport {
namespace {

using test::get;
using test::kPolling;
using test::kWebSocket;
using test::open_polling;
using test::Response;
using test::TestClient;
using test::TestWorker;
using test::with_sid;

constexpr std::string_view kListed = "Origin: https://app.example.com\r\n";

TransportOptions listing_one() {
  return {.access = {.allowed_origins = {"https://app.example.com"}}};
}

/// Header lines that a page which isn't listed may send.
const std::vector<std::string> kForeign = {
    "Origin: https://evil.example\r\n",
    "Origin: null\r\n",
    "Origin: https://app.example.com.\r\n",
    "Origin: https://app.example.com.evil.example\r\n",
    "Origin: https://evilapp.example.com\r\n",
    "Origin: https://app.example.com@evil.example\r\n",
    "Origin: https://app.example.com:8443\r\n",
    "Origin: http://app.example.com\r\n",
    "Origin: HTTPS://APP.EXAMPLE.COM\r\n",
    "Origin: https://app.example.com, https://evil.example\r\n",
    "oRiGiN: https://evil.example\r\n",
};

TEST(Origin, a_page_that_is_not_listed_opens_nothing) {
  TestWorker worker(listing_one());
  for (const std::string& origin : kForeign) {
    TestClient polling(worker), socket(worker), preflight(worker);
    const Response refused = polling.request(get(kPolling, origin));
    EXPECT_EQ(refused.status, 403) << origin;
    EXPECT_FALSE(refused.has("Access-Control")) << origin;
    EXPECT_EQ(socket.request(test::upgrade(kWebSocket, origin)).status, 400) << origin;
    const Response options = preflight.request(
        fmt::format("OPTIONS {} HTTP/1.1\r\nHost: here\r\n{}\r\n", kPolling, origin));
    EXPECT_EQ(options.status, 403) << origin;
    EXPECT_FALSE(options.has("Access-Control")) << origin;
  }
  EXPECT_EQ(worker.stats().sessions_opened, 0u);
  EXPECT_EQ(worker.stats().origins_refused, 3 * kForeign.size());
  EXPECT_EQ(worker.application.refused.size(), 3 * kForeign.size());
  EXPECT_EQ(worker.application.refused.front(), "origin 127.0.0.1 https://evil.example");
}

TEST(Origin, a_page_that_is_not_listed_cannot_use_a_session_whose_key_it_has) {
  TestWorker worker(listing_one());
  TestClient owner(worker);
  const std::string sid = open_polling(owner);
  for (const std::string& origin : kForeign) {
    TestClient poll(worker), post(worker), probe(worker);
    EXPECT_EQ(poll.request(get(with_sid(kPolling, sid), origin)).status, 403) << origin;
    EXPECT_EQ(post.request(test::post(with_sid(kPolling, sid), "4x", origin)).status, 403)
        << origin;
    EXPECT_EQ(probe.request(test::upgrade(with_sid(kWebSocket, sid), origin)).status, 400)
        << origin;
  }
  EXPECT_TRUE(worker.application.texts.empty());
  EXPECT_NE(worker.session(), nullptr) << "and doesn't end it";
}

TEST(Origin, several_of_them_are_no_request) {
  TestWorker worker(listing_one());
  const std::string evil = "Origin: https://evil.example\r\n";
  for (const std::string& both :
       {std::string(kListed) + evil, evil + std::string(kListed),
        std::string(kListed) + std::string(kListed), "Origin: \r\n" + evil}) {
    TestClient polling(worker), socket(worker);
    EXPECT_EQ(polling.request(get(kPolling, both)).status, 400) << both;
    EXPECT_EQ(socket.request(test::upgrade(kWebSocket, both)).status, 400) << both;
  }
  EXPECT_EQ(worker.stats().sessions_opened, 0u);
}

TEST(Origin, the_listed_one_opens_on_both_ways) {
  TestWorker worker(listing_one());
  TestClient polling(worker), socket(worker);
  EXPECT_EQ(polling.request(get(kPolling, kListed)).status, 200);
  EXPECT_EQ(socket.request(test::upgrade(kWebSocket, kListed)).status, 101);
}

TEST(Origin, who_sends_none_is_no_page) {
  TestWorker worker(listing_one());
  TestClient absent(worker), empty(worker);
  EXPECT_EQ(absent.request(get(kPolling)).status, 200);
  EXPECT_EQ(empty.request(get(kPolling, "Origin:\r\n")).status, 200);
}

TEST(Origin, the_servers_own_pages_are_those_of_its_scheme) {
  TestWorker worker;
  TestClient client(worker), other(worker);
  const bool tls = worker.options.tls != nullptr;
  EXPECT_EQ(
      client.request(get(kPolling, tls ? "Origin: https://here\r\n" : "Origin: http://here\r\n"))
          .status,
      200);
  EXPECT_EQ(other.request(get(kPolling, "Origin: http://here\r\n")).status, tls ? 403 : 200);
}

}  // namespace
}  // namespace outcry::transport
