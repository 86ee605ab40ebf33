#include "api/publish_routes.h"

#include <string>
#include <string_view>
#include <vector>

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "api/operations_fixture.h"

namespace outcry::api {
namespace {

namespace http = boost::beast::http;
using boost::asio::ip::tcp;
using nlohmann::json;
using test::HttpResponse;
using test::kEvent;

using PublishRoutesTest = test::OperationsServerTest;

TEST_F(PublishRoutesTest, an_accepted_event_is_answered_with_id_and_offset) {
  start();
  const HttpResponse response = exchange(post("/v1/publish", kEvent));
  EXPECT_EQ(response.result_int(), 200);
  EXPECT_EQ(response[http::field::content_type], "application/json");
  EXPECT_EQ(json::parse(response.body()), json::parse(R"({"id":"a-1","offset":"e1.1"})"));
  ASSERT_EQ(operations_.published.size(), 1);
  EXPECT_EQ(operations_.published[0].arguments, R"({"level": 2.50})");
}

TEST_F(PublishRoutesTest, an_id_is_made_when_none_is_given) {
  start();
  const HttpResponse response = exchange(post("/v1/publish", R"({"room":"r","event":"e"})"));
  const std::string id = json::parse(response.body())["id"];
  EXPECT_EQ(id.size(), 20);
  EXPECT_EQ(operations_.published.at(0).id, id);
}

TEST_F(PublishRoutesTest, the_header_idempotency_key_is_the_id_with_or_without_quotes) {
  start();
  const std::string_view body = R"({"room":"r","event":"e"})";
  (void)exchange(post("/v1/publish", body, "Idempotency-Key: k-1\r\n"));
  (void)exchange(post("/v1/publish", body, "Idempotency-Key: \"k-2\"\r\n"));
  EXPECT_EQ(operations_.published.at(0).id, "k-1");
  EXPECT_EQ(operations_.published.at(1).id, "k-2");
  expect_problem(post("/v1/publish", kEvent, "Idempotency-Key: other\r\n"), 422, "invalid-field");
  expect_problem(post("/v1/publish", body, "Idempotency-Key: a b\r\n"), 400, "malformed-request");
  expect_problem(post("/v1/batch", "[]", "Idempotency-Key: k\r\n"), 400, "malformed-request");
  EXPECT_EQ(operations_.published.size(), 2);
}

TEST_F(PublishRoutesTest, broadcast_and_batch_reach_the_gateway_in_order) {
  start();
  EXPECT_EQ(exchange(post("/v1/broadcast", R"({"rooms":["a","b"],"event":"e"})")).result_int(),
            200);
  const HttpResponse response = exchange(post(
      "/v1/batch", R"([{"room":"a","event":"x","id":"1"},{"rooms":["b"],"event":"y","id":"2"}])"));
  EXPECT_EQ(response.result_int(), 200);
  EXPECT_EQ(json::parse(response.body()),
            json::parse(R"({"results":[{"id":"1","offset":"e1.2"},{"id":"2","offset":"e1.3"}]})"));
  ASSERT_EQ(operations_.published.size(), 3);
  EXPECT_EQ(operations_.published[0].audience.rooms, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(operations_.published[2].event, "y");
}

TEST_F(PublishRoutesTest, nothing_of_a_batch_with_a_fault_is_published) {
  start();
  const HttpResponse response =
      exchange(post("/v1/batch", R"([{"room":"a","event":"x"},{"room":"b"}])"));
  EXPECT_EQ(response.result_int(), 422);
  EXPECT_EQ(json::parse(response.body())["pointer"], "#/1/event");
  EXPECT_TRUE(operations_.published.empty());
}

TEST_F(PublishRoutesTest, a_batch_taken_in_part_says_which_part) {
  start();
  operations_.errors = {{}, gateway::PublishError::overloaded};
  const HttpResponse response = exchange(post(
      "/v1/batch", R"([{"room":"a","event":"x","id":"1"},{"room":"b","event":"y","id":"2"}])"));
  EXPECT_EQ(response.result_int(), 503);
  EXPECT_EQ(response[http::field::retry_after], "1");
  const json results = json::parse(response.body())["results"];
  EXPECT_EQ(results[0]["offset"], "e1.1");
  EXPECT_EQ(results[1]["id"], "2");
  EXPECT_TRUE(results[1].contains("error"));
}

TEST_F(PublishRoutesTest, what_the_gateway_refuses_is_503_or_422) {
  start();
  operations_.errors = {gateway::PublishError::unavailable,
                        std::make_error_code(std::errc::no_space_on_device),
                        gateway::PublishError::unknown_namespace, gateway::PublishError::too_big};
  expect_problem(post("/v1/publish", kEvent), 503, "unavailable");
  expect_problem(post("/v1/publish", kEvent), 503, "unavailable");
  expect_problem(post("/v1/publish", kEvent), 422, "invalid-field");
  expect_problem(post("/v1/publish", kEvent), 422, "invalid-field");
}

TEST_F(PublishRoutesTest, an_answer_may_come_later) {
  operations_.answers_later = true;
  start();
  tcp::socket socket = connect();
  boost::beast::flat_buffer buffer;
  send(socket, post("/v1/publish", kEvent));
  ASSERT_TRUE(run_until([this] { return operations_.waiting.size() == 1; }));
  operations_.waiting[0](gateway::PublishReceipt{"a-1", "e1.9"});
  const auto response = receive(socket, buffer);
  ASSERT_TRUE(response);
  EXPECT_EQ(json::parse(response->body())["offset"], "e1.9");
}

TEST_F(PublishRoutesTest, an_answer_that_comes_too_late_is_503_and_then_dropped) {
  operations_.answers_later = true;
  options_.request_timeout = milliseconds(50);
  start();
  expect_problem(post("/v1/publish", kEvent), 503, "unavailable");
  operations_.waiting.at(0)(gateway::PublishReceipt{"a-1", "e1.9"});
}

TEST_F(PublishRoutesTest, an_answer_after_the_servers_end_reaches_nobody) {
  operations_.answers_later = true;
  start();
  tcp::socket socket = connect();
  boost::beast::flat_buffer buffer;
  send(socket, post("/v1/publish", kEvent));
  ASSERT_TRUE(run_until([this] { return operations_.waiting.size() == 1; }));
  server_.reset();
  operations_.waiting[0](gateway::PublishReceipt{"a-1", "e1.9"});
  EXPECT_FALSE(receive(socket, buffer));
}

}  // namespace
}  // namespace outcry::api
