#include <gtest/gtest.h>

#include "transport/endpoint_fixture.h"

namespace outcry::transport {
namespace {

using namespace std::chrono_literals;
using test::get;
using test::TestClient;
using test::TestWorker;
using test::until;

constexpr std::string_view kPath = "/v1/rooms/lobby/events?last=2";
constexpr std::string_view kPage = "Origin: https://app.example.com\r\n";

TransportOptions with_api() {
  TransportOptions options{.api_prefix = "/v1/rooms/"};
  options.access.allowed_origins = {"https://app.example.com"};
  return options;
}

class ApiRequest : public testing::Test {
 protected:
  void ask(TestClient& client, std::string_view headers = {}) {
    const std::size_t before = worker_.application.api_requests.size();
    client.send(get(kPath, headers));
    ASSERT_TRUE(
        until({&worker_}, [&] { return worker_.application.api_requests.size() == before + 1; }));
  }
  void answer(int status, std::string_view body) {
    worker_.endpoint.answer(worker_.application.api_connections.back(),
                            {.status = status, .content_type = "text/plain", .body = body});
  }

  TestWorker worker_{with_api()};
};

TEST_F(ApiRequest, is_the_applications_to_answer_when_it_likes) {
  TestClient client(worker_);
  ask(client, "Authorization: Bearer x\r\n");
  EXPECT_EQ(worker_.application.api_requests.back(),
            "/v1/rooms/lobby/events?last=2 Bearer x 127.0.0.1");
  for (int i = 0; i < 5; ++i) worker_.tick();
  EXPECT_EQ(client.received(), "") << "nobody has answered";
  answer(200, "well");
  const auto response = client.response();
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, "well");
  ask(client);  // on the same connection
  answer(403, "no");
  EXPECT_EQ(client.response().status, 403);
}

TEST_F(ApiRequest, is_answered_so_that_its_page_may_read_it_and_no_other_may_ask) {
  TestClient page(worker_), stranger(worker_);
  ask(page, kPage);
  answer(200, "well");
  EXPECT_TRUE(page.response().has("Access-Control-Allow-Origin: https://app.example.com"));
  stranger.send(get(kPath, "Origin: https://evil.example\r\n"));
  EXPECT_EQ(stranger.response().status, 403);
  EXPECT_EQ(worker_.application.api_requests.size(), 1u);
}

TEST_F(ApiRequest, only_reads) {
  TestClient client(worker_);
  client.send(test::post(kPath, "{}"));
  const auto response = client.response();
  EXPECT_EQ(response.status, 405);
  EXPECT_TRUE(response.has("Allow: GET"));
}

TEST_F(ApiRequest, is_turned_away_as_a_session_would_be) {
  worker_.application.no_session = TurnedAway{.status = 429, .retry_after = 3s, .why = "later"};
  TestClient client(worker_);
  client.send(get(kPath));
  const auto response = client.response();
  EXPECT_EQ(response.status, 429);
  EXPECT_TRUE(response.has("Retry-After: 3"));
}

TEST_F(ApiRequest, an_answer_for_who_has_gone_is_for_nobody) {
  std::optional<TestClient> client(std::in_place, worker_);
  ask(*client);
  client->reset();
  client.reset();
  ASSERT_TRUE(until({&worker_}, [&] { return worker_.endpoint.connection_count() == 0; }));
  TestClient next(worker_);
  next.send(get("/nowhere"));
  answer(200, "well");
  EXPECT_EQ(next.response().status, 404);
}

TEST(ApiRequestTime, is_over_for_one_that_nobody_answers) {
  TransportOptions options = with_api();
  options.request_timeout = 60ms;
  TestWorker worker(std::move(options));
  TestClient client(worker);
  client.send(get(kPath));
  EXPECT_EQ(client.response().status, 503);
  worker.endpoint.answer(worker.application.api_connections.back(), {.status = 200});
  EXPECT_TRUE(client.waits_for_end());
  EXPECT_EQ(client.received(), "") << "and not twice";
}

TEST(ApiRequestOff, is_a_file_that_is_not_there) {
  TestWorker worker;
  TestClient client(worker);
  client.send(get(kPath));
  EXPECT_EQ(client.response().status, 404);
}

}  // namespace
}  // namespace outcry::transport
