#include "publisher/message_template.h"

#include <stdexcept>
#include <string>

#include <gtest/gtest.h>

namespace outcry::bench {
namespace {

constexpr const char* kBody =
    R"({"room":"challenge_bench-0000000","user_id":"user-0000000","at":"0000000000000000000"})";

std::string message(MessageTemplate& from, std::uint32_t challenge, std::uint64_t published_ns) {
  std::string out;
  from.append(out, challenge, published_ns);
  return out;
}

TEST(MessageTemplate, every_field_is_overwritten_in_place) {
  MessageTemplate from("events", kBody);
  EXPECT_EQ(
      message(from, 42, 1234567890123456789),
      "*3\r\n$7\r\nPUBLISH\r\n$6\r\nevents\r\n$86\r\n"
      R"({"room":"challenge_bench-0000042","user_id":"user-0000042","at":"1234567890123456789"})"
      "\r\n");
}

TEST(MessageTemplate, a_later_message_keeps_nothing_of_the_one_before) {
  MessageTemplate from("events", kBody);
  const std::string untouched = from.command();
  (void)message(from, 9'999'999, 9'999'999'999'999'999'999U);  // only its traces matter
  EXPECT_EQ(message(from, 0, 0), untouched);
}

TEST(MessageTemplate, the_channel_may_name_the_room_too) {
  MessageTemplate from("socket.io#/#challenge_bench-0000000#", kBody);
  EXPECT_NE(message(from, 7, 0).find("$36\r\nsocket.io#/#challenge_bench-0000007#\r\n"),
            std::string::npos);
}

TEST(MessageTemplate, a_capture_without_its_fields_is_refused) {
  EXPECT_THROW(MessageTemplate("events", R"({"at":"0000000000000000000"})"), std::runtime_error);
  EXPECT_THROW(MessageTemplate("events", R"({"room":"bench-0000000"})"), std::runtime_error);
  EXPECT_THROW(MessageTemplate("events", std::string(kBody) + kBody), std::runtime_error);
  EXPECT_THROW((void)MessageTemplate::load("/nonexistent"), std::runtime_error);
}

class CapturedTemplate : public testing::TestWithParam<const char*> {};

TEST_P(CapturedTemplate, holds_its_fields_and_keeps_its_length) {
  MessageTemplate from =
      MessageTemplate::load(std::string(OUTCRY_BENCH_TEMPLATES "/") + GetParam() + ".hex");
  const std::size_t bytes = from.command().size();
  const std::string made = message(from, 1'234'567, 1'700'000'000'000'000'000U);
  EXPECT_EQ(made.size(), bytes);
  EXPECT_NE(made.find("challenge_bench-1234567"), std::string::npos);
  EXPECT_NE(made.find("user-1234567"), std::string::npos);
  EXPECT_NE(made.find("1700000000000000000"), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(All, CapturedTemplate,
                         testing::Values("python_pickle", "python_json", "node_msgpack"));

}  // namespace
}  // namespace outcry::bench
