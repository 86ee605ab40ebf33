#include "api/receipt_routes.h"

#include <string>
#include <string_view>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/recording_operations_for_test.h"

namespace outcry::api {
namespace {

using testing::HasSubstr;

class ReceiptRoutesTest : public testing::Test {
 protected:
  ReceiptRoutesTest() { add_receipt_routes(router_, operations_); }

  Response get(std::string_view query) {
    Response answer;
    const Route* route = router_.find("GET", "/v1/events/risk-991/receipts");
    Request request;
    request.query = query;
    request.parameter = "risk-991";
    route->handle(request, [&answer](Response response) { answer = std::move(response); });
    return answer;
  }

  test::RecordingOperations operations_;
  Router router_;
};

TEST_F(ReceiptRoutesTest, they_need_a_key) {
  const Route* route = router_.find("GET", "/v1/events/risk-991/receipts");
  ASSERT_NE(route, nullptr);
  EXPECT_TRUE(route->needs_key);
}

TEST_F(ReceiptRoutesTest, each_socket_is_told_with_its_times) {
  const Response answer = get("after=sid0&limit=2");
  EXPECT_EQ(answer.status, 200u);
  constexpr std::string_view kTime = R"("2023-11-14T22:13:20.042Z")";
  EXPECT_EQ(answer.body, fmt::format(R"({{"receipts":[{{"user":"ann","sid":"5OLsBz8GPEvRKXFyAAAB",)"
                                     R"("sent":{},"acknowledged":null}},)"
                                     R"({{"user":"bob","sid":"Zz3kQw8GPEvRKXFyAAAC",)"
                                     R"("sent":null,"acknowledged":{}}}],"more":true}})"
                                     "\n",
                                     kTime, kTime));
  const gateway::ReceiptQuery& query = operations_.receipt_queries.front();
  EXPECT_EQ(query.id, "risk-991");
  EXPECT_EQ(query.after, "sid0");
  EXPECT_EQ(query.receipts_max, 2u);
  EXPECT_EQ(query.event, "");
}

TEST_F(ReceiptRoutesTest, a_payloads_id_goes_with_the_events_name_and_room) {
  EXPECT_EQ(get("event=risk_alert&room=challenge_7&namespace=%2Fdesk").status, 200u);
  const gateway::ReceiptQuery& query = operations_.receipt_queries.front();
  EXPECT_EQ(query.event, "risk_alert");
  EXPECT_EQ(query.room, "challenge_7");
  EXPECT_EQ(query.namespace_name, "/desk");
  EXPECT_EQ(query.receipts_max, 1'000u);
}

TEST_F(ReceiptRoutesTest, what_cannot_be_meant_is_refused) {
  for (const char* query : {"limit=0", "limit=1001", "limit=x", "event=risk_alert", "room=r",
                            "event=&room=r", "after="}) {
    EXPECT_EQ(get(query).status, 400u) << query;
  }
  EXPECT_EQ(get("after=" + std::string(257, 'a')).status, 400u);
  EXPECT_TRUE(operations_.receipt_queries.empty());
}

TEST_F(ReceiptRoutesTest, an_event_that_is_not_kept_is_not_found) {
  operations_.errors = {gateway::ReadError::unknown_event};
  const Response answer = get("");
  EXPECT_EQ(answer.status, 404u);
  EXPECT_THAT(answer.body, HasSubstr("no event of this id is kept"));
}

TEST_F(ReceiptRoutesTest, a_log_that_cannot_be_read_is_to_be_asked_again) {
  operations_.errors = {gateway::ReadError::unavailable};
  const Response answer = get("");
  EXPECT_EQ(answer.status, 503u);
  EXPECT_EQ(answer.headers.front().first, "Retry-After");
}

}  // namespace
}  // namespace outcry::api
