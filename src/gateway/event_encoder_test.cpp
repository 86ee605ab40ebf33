#include "gateway/event_encoder.h"

#include <gtest/gtest.h>

namespace outcry::gateway {
namespace {

const Strings kAliases = {"RISK_ALERT", "riskAlert"};

std::vector<transport::SharedFrame> encode_event(const bus::Publication& publication,
                                                 const Strings& aliases,
                                                 std::optional<std::uint64_t> ack_id) {
  std::string scratch = "left from before";
  std::vector<transport::SharedFrame> out;
  gateway::encode_event(publication, aliases, ack_id, scratch, out);
  return out;
}

TEST(EventEncoderTest, an_event_without_aliases_is_one_frame) {
  const auto frames =
      encode_event({.event = "news", .arguments = R"({"p":1.50},2)"}, {}, std::nullopt);
  ASSERT_EQ(frames.size(), 1u);
  EXPECT_EQ(frames[0]->text(), R"(42["news",{"p":1.50},2])");
}

TEST(EventEncoderTest, aliases_follow_the_name_and_ask_for_no_acknowledgement) {
  const auto frames = encode_event({.event = "risk_alert", .arguments = "1"}, kAliases, 12);
  ASSERT_EQ(frames.size(), 3u);
  EXPECT_EQ(frames[0]->text(), R"(4212["risk_alert",1])");
  EXPECT_EQ(frames[1]->text(), R"(42["RISK_ALERT",1])");
  EXPECT_EQ(frames[2]->text(), R"(42["riskAlert",1])");
}

TEST(EventEncoderTest, a_namespace_comes_before_the_acknowledgements_id) {
  const bus::Publication publication{.audience = {.namespace_name = "/admin"}, .event = "news"};
  EXPECT_EQ(encode_event(publication, {}, 0)[0]->text(), R"(42/admin,0["news"])");
}

TEST(EventEncoderTest, attachments_follow_their_text_under_every_name) {
  const bus::Publication publication{.event = "risk_alert",
                                     .arguments = R"({"_placeholder":true,"num":0})",
                                     .attachments = {std::string("\0\x01\xff", 3)}};
  const auto frames = encode_event(publication, kAliases, std::nullopt);
  for (const auto& frame : frames) {
    EXPECT_EQ(frame->packet_count(), 2u);
    EXPECT_TRUE(frame->has_binary());
    EXPECT_TRUE(frame->wire().ends_with(std::string_view("\x82\x03\0\x01\xff", 5)));
  }
  EXPECT_EQ(frames[0]->text(), R"(451-["risk_alert",{"_placeholder":true,"num":0}])");
}

TEST(EventEncoderTest, a_name_is_escaped) {
  EXPECT_EQ(encode_event({.event = "a\"b\\"}, {}, std::nullopt)[0]->text(), R"(42["a\"b\\"])");
}

}  // namespace
}  // namespace outcry::gateway
