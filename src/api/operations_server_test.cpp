#include "api/operations_server.h"

#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "api/api_keys.h"
#include "api/operations_fixture.h"

namespace outcry::api {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;
using nlohmann::json;
using test::HttpResponse;
using test::kEvent;
using testing::HasSubstr;

using OperationsServerTest = test::OperationsServerTest;

TEST_F(OperationsServerTest, publishing_needs_one_of_the_keys) {
  start();
  const auto with = [](std::string_view key_lines) {
    return fmt::format(
        "POST /v1/publish HTTP/1.1\r\nHost: h\r\n{}Content-Type: application/json\r\n"
        "Content-Length: {}\r\n\r\n{}",
        key_lines, kEvent.size(), kEvent);
  };
  EXPECT_EQ(exchange(with("X-API-Key: old-key\r\n")).result_int(), 200);
  EXPECT_EQ(exchange(with("x-api-key: new-key\r\n")).result_int(), 200);
  expect_problem(with(""), 401, "missing-key");
  expect_problem(with("X-API-Key: old-key\r\nX-API-Key: old-key\r\n"), 401, "missing-key");
  expect_problem(with("X-API-Key: old-kez\r\n"), 403, "wrong-key");
  EXPECT_EQ(exchange(with("")).count(http::field::www_authenticate), 1);
  EXPECT_EQ(operations_.published.size(), 2);
  EXPECT_EQ(server_->stats().keys_refused, 4);
}

TEST_F(OperationsServerTest, paths_and_methods_are_exact) {
  start();
  expect_problem(get("/v1/publish/"), 404, "not-found");
  expect_problem(get("/"), 404, "not-found");
  expect_problem(get("/v1/publish"), 405, "method-not-allowed");
  EXPECT_EQ(exchange(get("/v1/publish"))[http::field::allow], "POST");
  EXPECT_EQ(exchange(post("/metrics", "{}"))[http::field::allow], "GET, HEAD");
}

TEST_F(OperationsServerTest, a_body_needs_a_length_and_a_json_type) {
  start();
  const std::string head = "POST /v1/publish HTTP/1.1\r\nHost: h\r\nX-API-Key: new-key\r\n";
  expect_problem(head + "Content-Type: application/json\r\n\r\n", 411, "length-required");
  expect_problem(head + "Content-Length: 2\r\n\r\n{}", 415, "unsupported-media-type");
  expect_problem(head + "Content-Type: text/plain\r\nContent-Length: 2\r\n\r\n{}", 415,
                 "unsupported-media-type");
  const std::string typed = head + "Content-Type: Application/JSON; charset=UTF-8\r\n";
  EXPECT_EQ(exchange(fmt::format("{}Content-Length: {}\r\n\r\n{}", typed, kEvent.size(), kEvent))
                .result_int(),
            200);
  EXPECT_EQ(exchange(fmt::format("{}Transfer-Encoding: chunked\r\n\r\n{:x}\r\n{}\r\n0\r\n\r\n",
                                 typed, kEvent.size(), kEvent))
                .result_int(),
            200);
}

TEST_F(OperationsServerTest, the_largest_body_passes_and_one_byte_more_does_not) {
  start();
  const std::string body(kEvent);
  const std::string largest = body + std::string(options_.body_bytes_max - body.size(), ' ');
  EXPECT_EQ(exchange(post("/v1/publish", largest)).result_int(), 200);
  expect_problem(post("/v1/publish", largest + " "), 413, "body-too-large");
  expect_problem(post("/v1/publish", std::string(3'000'000, ' ')), 413, "body-too-large");
  EXPECT_EQ(operations_.published.size(), 1);
}

TEST_F(OperationsServerTest, the_same_limit_holds_for_chunks) {
  start();
  const std::string chunk(options_.body_bytes_max + 1, ' ');
  expect_problem(fmt::format("POST /v1/publish HTTP/1.1\r\nHost: h\r\nX-API-Key: new-key\r\n"
                             "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
                             "{:x}\r\n{}\r\n0\r\n\r\n",
                             chunk.size(), chunk),
                 413, "body-too-large");
}

TEST_F(OperationsServerTest, headers_are_bounded) {
  start();
  expect_problem(fmt::format("GET /livez HTTP/1.1\r\nHost: h\r\nX: {}\r\n\r\n",
                             std::string(options_.header_bytes_max, 'x')),
                 431, "headers-too-large");
}

TEST_F(OperationsServerTest, ambiguous_framing_is_refused) {
  start();
  const std::string head = "POST /v1/publish HTTP/1.1\r\nX-API-Key: new-key\r\n";
  expect_problem("GET /livez HTTP/1.1\r\n\r\n", 400, "malformed-request");
  expect_problem("GET /livez HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400, "malformed-request");
  expect_problem(head + "Host: h\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}", 400,
                 "malformed-request");
  expect_problem(
      head + "Host: h\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400,
      "malformed-request");
  expect_problem(head + "Host: h\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501,
                 "unknown-coding");
  expect_problem("nonsense\r\n\r\n", 400, "malformed-request");
  EXPECT_TRUE(operations_.published.empty());
}

TEST_F(OperationsServerTest, a_client_that_asks_first_is_told_to_go_on) {
  start();
  tcp::socket socket = connect();
  boost::beast::flat_buffer buffer;
  const std::string request = post("/v1/publish", kEvent, "Expect: 100-continue\r\n");
  send(socket, request.substr(0, request.size() - kEvent.size()));
  const auto go_on = receive(socket, buffer);
  ASSERT_TRUE(go_on);
  EXPECT_EQ(go_on->result_int(), 100);
  send(socket, std::string(kEvent));
  const auto response = receive(socket, buffer);
  ASSERT_TRUE(response);
  EXPECT_EQ(response->result_int(), 200);
}

TEST_F(OperationsServerTest, requests_may_be_pipelined_on_one_connection) {
  start();
  tcp::socket socket = connect();
  boost::beast::flat_buffer buffer;
  send(socket, post("/v1/publish", kEvent) + get("/livez") + get("/nothing") + get("/livez"));
  for (const unsigned status : {200U, 200U, 404U, 200U}) {
    const auto response = receive(socket, buffer);
    ASSERT_TRUE(response);
    EXPECT_EQ(response->result_int(), status);
  }
  EXPECT_EQ(server_->stats().connections_accepted, 1);
}

TEST_F(OperationsServerTest, connections_beyond_the_limit_are_closed) {
  options_.connections_max = 1;
  start();
  tcp::socket first = connect();
  boost::beast::flat_buffer buffer;
  send(first, get("/livez"));
  ASSERT_TRUE(receive(first, buffer));
  tcp::socket second = connect();
  boost::beast::flat_buffer second_buffer;
  EXPECT_FALSE(receive(second, second_buffer));
  EXPECT_EQ(server_->stats().connections_refused, 1);
  first.close();
  ASSERT_TRUE(run_until([this] { return server_->stats().connections_open == 0; }));
  EXPECT_EQ(exchange(get("/livez")).result_int(), 200);
}

TEST_F(OperationsServerTest, an_idle_connection_and_an_unfinished_request_are_closed) {
  options_.idle_timeout = milliseconds(20);
  options_.header_timeout = milliseconds(20);
  start();
  tcp::socket idle = connect();
  boost::beast::flat_buffer buffer;
  EXPECT_FALSE(receive(idle, buffer));
  tcp::socket slow = connect();
  send(slow, "GET /livez HT");
  EXPECT_FALSE(receive(slow, buffer));
  EXPECT_EQ(server_->stats().timeouts, 1);
}

TEST_F(OperationsServerTest, readiness_names_what_is_missing) {
  operations_.ready.checks = {{"redis", true, "connected"}, {"store", true, "open"}};
  start();
  EXPECT_EQ(exchange(get("/readyz")).body(), "{\"status\":\"ready\",\"checks\":[]}\n");
  const json verbose = json::parse(exchange(get("/readyz?verbose")).body());
  EXPECT_EQ(verbose["checks"].size(), 2);

  operations_.ready.checks[0] = {"redis", false, "no answer for \"3\" s"};
  const HttpResponse response = exchange(get("/readyz"));
  EXPECT_EQ(response.result_int(), 503);
  EXPECT_EQ(json::parse(response.body()), json::parse(R"({"status":"not_ready","checks":[
                {"name":"redis","ok":false,"text":"no answer for \"3\" s"}]})"));
}

TEST_F(OperationsServerTest, health_and_metrics_need_no_key) {
  start();
  EXPECT_EQ(exchange(get("/livez")).body(), "{\"status\":\"ok\"}\n");
  const HttpResponse metrics = exchange(get("/metrics"));
  EXPECT_EQ(metrics[http::field::content_type], observe::kMetricsContentType);
  EXPECT_THAT(metrics.body(), HasSubstr("\noutcry_joins_total 3\n"));
}

TEST_F(OperationsServerTest, head_is_get_without_the_body) {
  start();
  const HttpResponse response = exchange("HEAD /livez HTTP/1.1\r\nHost: h\r\n\r\n", true);
  EXPECT_EQ(response.result_int(), 200);
  EXPECT_EQ(response[http::field::content_length], "16");
  EXPECT_EQ(response.body(), "");
}

TEST_F(OperationsServerTest, an_address_in_use_is_an_error_not_an_exception) {
  start();
  OperationsServer second(io_, options_, Router());
  EXPECT_EQ(second.listen("127.0.0.1", server_->port()), std::errc::address_in_use);
  EXPECT_TRUE(second.listen("not an address", 0));
}

// The texts of the ```http blocks of the reference: request, response, request, …
std::vector<std::string> reference_examples() {
  std::ifstream file(OUTCRY_HTTP_API_REFERENCE);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  constexpr std::string_view kOpen = "```http\n";
  std::vector<std::string> blocks;
  for (std::size_t at = text.find(kOpen); at != std::string::npos; at = text.find(kOpen, at)) {
    at += kOpen.size();
    const std::size_t end = text.find("```", at);
    blocks.push_back(text.substr(at, end - at));
    at = end + 3;
  }
  return blocks;
}

// A request of the reference as it goes over the wire: the page leaves out what clients add.
std::string wire_request(const std::string& example) {
  const std::size_t blank = example.find("\n\n");
  std::string head = example.substr(0, blank);
  const std::string body = blank == std::string::npos ? "" : example.substr(blank + 2);
  while (head.ends_with('\n')) head.pop_back();
  head.insert(std::min(head.find('\n'), head.size()), " HTTP/1.1\nHost: localhost");
  if (!body.empty()) {
    head += fmt::format("\nContent-Type: application/json\nContent-Length: {}", body.size());
  }
  std::string wire;
  for (const char c : head) wire += c == '\n' ? std::string("\r\n") : std::string(1, c);
  return wire + "\r\n\r\n" + body;
}

TEST_F(OperationsServerTest, a_rooms_name_is_part_of_the_path_and_decoded) {
  options_.api_keys = {"KEY"};
  start();
  const auto status_of = [&](std::string_view path) {
    return exchange(wire_request(fmt::format("GET {}\nX-API-Key: KEY", path))).result_int();
  };
  EXPECT_EQ(status_of("/v1/rooms/a%2Fb%20c/events?since=x&limit=7&namespace=/n"), 200U);
  ASSERT_EQ(operations_.queries.size(), 1U);
  const gateway::RoomQuery& query = operations_.queries.front();
  EXPECT_EQ(query.room, "a/b c");
  EXPECT_EQ(query.namespace_name, "/n");
  EXPECT_EQ(query.since, "x");
  EXPECT_EQ(query.events_max, 7U);
  for (const char* path : {"/v1/rooms//events", "/v1/rooms/a/b/events", "/v1/rooms/a/events/",
                           "/v1/rooms/events", "/v1/rooms/a"}) {
    EXPECT_EQ(status_of(path), 404U) << path;
  }
  for (const char* bad :
       {"limit=0", "limit=1001", "limit=x", "last=-1", "since=", "since=a&last=1"}) {
    EXPECT_EQ(status_of(fmt::format("/v1/rooms/a/events?{}", bad)), 400U) << bad;
  }
  EXPECT_EQ(status_of(fmt::format("/v1/rooms/{}/events", std::string(257, 'a'))), 400U);
  operations_.errors = {gateway::ReadError::too_old};
  EXPECT_EQ(status_of("/v1/rooms/a/events?since=x"), 410U);
}

TEST_F(OperationsServerTest, the_examples_of_the_reference_are_true) {
  options_.api_keys = {"KEY"};
  operations_.ready.checks = {{"redis", true, "subscribed"}};
  start();
  const std::vector<std::string> examples = reference_examples();
  ASSERT_GE(examples.size(), 12);
  ASSERT_EQ(examples.size() % 2, 0);
  for (std::size_t i = 0; i < examples.size(); i += 2) {
    operations_.published.clear();
    const HttpResponse response = exchange(wire_request(examples[i]));
    const std::string& expected = examples[i + 1];
    const std::string reason(response.reason());
    EXPECT_EQ(fmt::format("HTTP/1.1 {} {}", response.result_int(), reason),
              expected.substr(0, expected.find('\n')))
        << examples[i];
    EXPECT_EQ(json::parse(response.body()), json::parse(expected.substr(expected.find("\n\n"))))
        << examples[i];
  }
}

TEST_F(OperationsServerTest, lifts_bans_and_says_who_asked) {
  start();
  const auto lift = [this](const std::string& body) { return exchange(post("/v1/unban", body)); };
  EXPECT_EQ(lift(R"({"user":"u7"})").body(), "{\"lifted\":true}\n");
  EXPECT_EQ(lift(R"({"user":"u7"})").body(), "{\"lifted\":false}\n");
  EXPECT_EQ(lift(R"({"user":7})").result_int(), 422u);
  const std::string by = "api:" + ApiKeys::id_of("new-key");
  EXPECT_EQ(operations_.lifted_by, (std::vector<std::string>{by, by}));
}

TEST_F(OperationsServerTest, revokes_tokens) {
  start();
  const auto revoke = [this](const std::string& body) {
    return exchange(post("/v1/revoke", body));
  };
  EXPECT_EQ(revoke(R"({"jti":"j1","ttl_s":60})").body(), "{\"revoked\":1}\n");
  ASSERT_EQ(operations_.revoked.size(), 1u);
  EXPECT_EQ(operations_.revoked[0].value, "j1");
  EXPECT_EQ(revoke("nonsense").result_int(), 400u);
  const auto refused = revoke(R"({"user":7})");
  EXPECT_EQ(refused.result_int(), 422u);
  EXPECT_THAT(refused.body(), HasSubstr("#/user"));
  operations_.errors = {gateway::RevocationError::needs_end, gateway::RevocationError::too_many};
  EXPECT_EQ(revoke(R"({"jti":"j1"})").result_int(), 422u);
  EXPECT_EQ(revoke(R"({"jti":"j1"})").result_int(), 503u);
}

}  // namespace
}  // namespace outcry::api
