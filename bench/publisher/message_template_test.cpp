#include "publisher/message_template.h"

#include <stdexcept>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace outcry::bench {
namespace {

constexpr const char* kBody =
    R"({"room":"challenge_bench-0000000","user_id":"user-0000000","at":"0000000000000000000"})";

std::string message(MessageTemplate& from, std::uint32_t challenge, std::uint64_t published_ns,
                    std::uint8_t symbol = 0) {
  std::string out;
  from.append(out, challenge, published_ns, symbol);
  return out;
}

MessageTemplate published(const std::string& channel, const std::string& body) {
  return {redis_command({channel, EventKind::equity_updated, body}), EventKind::equity_updated};
}

TEST(MessageTemplate, every_field_is_overwritten_in_place) {
  MessageTemplate from = published("events", kBody);
  EXPECT_EQ(
      message(from, 42, 1234567890123456789),
      "*3\r\n$7\r\nPUBLISH\r\n$6\r\nevents\r\n$86\r\n"
      R"({"room":"challenge_bench-0000042","user_id":"user-0000042","at":"1234567890123456789"})"
      "\r\n");
}

TEST(MessageTemplate, a_later_message_keeps_nothing_of_the_one_before) {
  const std::string body = std::string(kBody) + "EURUSD";
  MessageTemplate from(body, EventKind::equity_updated);
  (void)message(from, 9'999'999, 9'999'999'999'999'999'999U, 27);  // only its traces matter
  EXPECT_EQ(message(from, 0, 0), body);
}

TEST(MessageTemplate, the_symbol_is_the_key_of_an_equity_and_of_nothing_else) {
  MessageTemplate equity(std::string(kBody) + " EURUSD", EventKind::equity_updated);
  EXPECT_TRUE(message(equity, 0, 0, 27).ends_with(" CHFJPY"));
  EXPECT_TRUE(message(equity, 0, 0, 1).ends_with(" GBPUSD"));
  MessageTemplate risk(std::string(kBody) + " EURUSD", EventKind::risk_alert);
  EXPECT_TRUE(message(risk, 0, 0, 1).ends_with(" EURUSD"));
}

TEST(MessageTemplate, the_channel_may_name_the_room_too) {
  MessageTemplate from = published("socket.io#/#challenge_bench-0000000#", kBody);
  EXPECT_NE(message(from, 7, 0).find("$36\r\nsocket.io#/#challenge_bench-0000007#\r\n"),
            std::string::npos);
}

TEST(MessageTemplate, a_message_without_its_fields_is_refused) {
  const auto made = [](const std::string& text) {
    return MessageTemplate(text, EventKind::equity_updated);
  };
  EXPECT_THROW((void)made(R"({"at":"0000000000000000000"})"), std::runtime_error);
  EXPECT_THROW((void)made(R"({"room":"bench-0000000"})"), std::runtime_error);
  EXPECT_THROW((void)made(std::string(kBody) + kBody), std::runtime_error);
  EXPECT_THROW((void)load_capture("/nonexistent"), std::runtime_error);
}

TEST(Capture, arguments_become_a_batch_item_and_a_packet) {
  const Capture capture{{}, EventKind::risk_alert, R"({"a":1})"};
  EXPECT_EQ(batch_item(capture),
            R"({"room":"challenge_bench-0000000","event":"risk_alert","data":{"a":1}})");
  EXPECT_EQ(event_packet(capture), R"(42["risk_alert",{"a":1}])");
  EXPECT_THROW((void)redis_command(capture), std::runtime_error);
  const Capture on_redis{"events", EventKind::risk_alert, R"({"a":1})"};
  EXPECT_THROW((void)batch_item(on_redis), std::runtime_error);
  EXPECT_THROW((void)event_packet(on_redis), std::runtime_error);
}

class CapturedTemplate : public testing::TestWithParam<const char*> {};

TEST_P(CapturedTemplate, holds_its_fields_and_keeps_its_length) {
  const Capture capture =
      load_capture(std::string(OUTCRY_BENCH_TEMPLATES "/") + GetParam() + ".hex");
  const bool is_risk = std::string_view(GetParam()).ends_with("_risk");
  EXPECT_EQ(capture.kind, is_risk ? EventKind::risk_alert : EventKind::equity_updated);
  MessageTemplate from(capture.channel.empty() ? batch_item(capture) : redis_command(capture),
                       capture.kind);
  const std::size_t bytes = from.message().size();
  const std::string made = message(from, 1'234'567, 1'700'000'000'000'000'000U, 6);
  EXPECT_EQ(made.size(), bytes);
  EXPECT_NE(made.find("challenge_bench-1234567"), std::string::npos);
  EXPECT_NE(made.find("user-1234567"), std::string::npos);
  EXPECT_NE(made.find("1700000000000000000"), std::string::npos);
  EXPECT_EQ(made.find("USDJPY") != std::string::npos, !is_risk);
  EXPECT_EQ(made.find("EURUSD"), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(All, CapturedTemplate,
                         testing::Values("python_pickle", "python_json", "node_msgpack",
                                         "arguments", "python_pickle_risk", "python_json_risk",
                                         "node_msgpack_risk", "arguments_risk"));

}  // namespace
}  // namespace outcry::bench
