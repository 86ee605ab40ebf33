#include "gateway/contract.h"

#include <gtest/gtest.h>

#include "base/json_text.h"

namespace outcry::gateway {
namespace {

const Command& join_challenge() {
  return *find_command("join_challenge");
}

TEST(ContractTest, clients_may_send_six_events) {
  for (const char* event : {"join_challenge", "leave_challenge", "subscribe_symbol",
                            "unsubscribe_symbol", "join_room", "leave_room"}) {
    const Command* command = find_command(event);
    ASSERT_NE(command, nullptr) << event;
    EXPECT_EQ(command->event, event);
  }
  for (const char* event : {"", "JOIN_CHALLENGE", "join_challenge ", "join", "connected", "42"}) {
    EXPECT_EQ(find_command(event), nullptr) << event;
  }
}

TEST(ContractTest, joining_and_leaving_name_the_same_room) {
  EXPECT_TRUE(find_command("join_challenge")->joins);
  EXPECT_FALSE(find_command("leave_challenge")->joins);
  EXPECT_EQ(find_command("leave_challenge")->room_prefix, join_challenge().room_prefix);
  EXPECT_TRUE(find_command("subscribe_symbol")->joins);
  EXPECT_FALSE(find_command("unsubscribe_symbol")->joins);
  EXPECT_EQ(find_command("unsubscribe_symbol")->room_prefix,
            find_command("subscribe_symbol")->room_prefix);
}

TEST(ContractTest, the_object_is_one_well_formed_string_member) {
  const auto id = [](std::string_view argument) {
    return object_id_of(join_challenge(), argument);
  };
  EXPECT_EQ(id(R"({"challenge_id":"c-1"})"), "c-1");
  EXPECT_EQ(id(R"({"x":[1,{"challenge_id":"no"}],"challenge_id":"c-1"})"), "c-1");
  EXPECT_EQ(id(R"({"challenge_id":"a","challenge_id":"b"})"), "b");  // as JavaScript reads it
  EXPECT_EQ(id(R"({"challenge\u005fid":"\u0063-1"})"), "c-1");
  EXPECT_EQ(id(R"({"challenge_id":")" + std::string(128, 'x') + R"("})"), std::string(128, 'x'));
}

TEST(ContractTest, anything_else_is_no_object) {
  for (const std::string& argument : std::initializer_list<std::string>{
           "",
           "null",
           "7",
           "\"7\"",
           "true",
           "[]",
           R"([{"challenge_id":"7"}])",
           "{}",
           R"({"symbol":"7"})",
           R"({"Challenge_id":"7"})",
           R"({"challenge_id":7})",
           R"({"challenge_id":null})",
           R"({"challenge_id":["7"]})",
           R"({"challenge_id":{}})",
           R"({"challenge_id":""})",
           R"({"challenge_id":"a b"})",
           R"({"challenge_id":"7\u0000"})",
           R"({"challenge_id":"7\",\"x\":\"y"})",
           R"({"challenge_id":"é"})",
           R"({"challenge_id":"../7"})",
           R"({"challenge_id":"7\n"})",
           R"({"challenge_id":"*"})",
           R"({"challenge_id":")" + std::string(129, 'x') + R"("})"}) {
    EXPECT_EQ(object_id_of(join_challenge(), argument), std::nullopt) << argument;
  }
}

TEST(ContractTest, answers_carry_the_object) {
  EXPECT_EQ(reply_payload(join_challenge(), "7"), R"({"challenge_id":"7"})");
  EXPECT_EQ(reply_payload(*find_command("unsubscribe_symbol"), "EUR"), R"({"symbol":"EUR"})");
  EXPECT_EQ(ack_payload(join_challenge(), "7"), R"({"status":"ok","challenge_id":"7"})");
}

TEST(ContractTest, a_refusal_says_what_and_whether_to_try_again) {
  const Refusal refusal{.code = Code::unavailable, .command = &join_challenge(), .object_id = "7"};
  EXPECT_EQ(error_payload(refusal),
            R"({"message":"this can't be checked at the moment: try again",)"
            R"("code":"unavailable","retryable":true,"challenge_id":"7"})");
  EXPECT_EQ(error_ack_payload(refusal),
            R"({"status":"error","message":"this can't be checked at the moment: try again",)"
            R"("code":"unavailable","retryable":true,"challenge_id":"7"})");
  EXPECT_EQ(error_payload({.code = Code::bad_request, .command = &join_challenge()}),
            R"({"message":"the event's argument is missing or malformed",)"
            R"("code":"bad_request","retryable":false})");
}

TEST(ContractTest, a_users_name_is_escaped_in_the_greeting) {
  const std::string greeting = greeting_payload("a\"b\\c</script>é", "2026-01-02T03:04:05Z");
  ASSERT_TRUE(json::validate(greeting));
  EXPECT_EQ(json::string_member(greeting, "user_id"), "a\"b\\c</script>é");
  EXPECT_EQ(json::string_member(greeting, "status"), "connected");
  EXPECT_EQ(json::string_member(greeting, "timestamp"), "2026-01-02T03:04:05Z");
}

}  // namespace
}  // namespace outcry::gateway
