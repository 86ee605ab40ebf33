#include "gateway/event_encoder.h"

#include <memory>
#include <utility>

#include <gtest/gtest.h>

#include "gateway/event_mark.h"

namespace outcry::gateway {
namespace {

const config::Strings kAliases = {"RISK_ALERT", "riskAlert"};

std::vector<transport::SharedFrame> list(const EventFrames& frames) {
  std::vector<transport::SharedFrame> out;
  frames.for_each([&out](const transport::SharedFrame& frame) { out.push_back(frame); });
  return out;
}

std::vector<transport::SharedFrame> encode_event(const bus::Publication& publication,
                                                 const config::Strings& aliases,
                                                 std::optional<std::uint64_t> ack_id) {
  std::string scratch = "left from before";
  return list(gateway::encode_event(publication, aliases, {.ack_id = ack_id}, scratch));
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

TEST(EventEncoderTest, a_position_is_the_last_argument_of_those_who_take_one) {
  constexpr eventlog::Position kBefore{.life = 1, .durable = 1, .released = 1};
  constexpr eventlog::Position kPosition{.life = 1, .durable = 1, .released = 2};
  std::string scratch;
  for (const auto& [arguments, expected] :
       {std::pair{R"({"p":1})", R"(42["news",{"p":1},"AAAAABAAAAAAABAAAAAAAC"])"},
        {"", R"(42["news","AAAAABAAAAAAABAAAAAAAC"])"}}) {
    const bus::Publication publication{.event = "news", .arguments = arguments};
    const EventFrames frames =
        gateway::encode_event(publication, {}, {.with_position = true}, scratch);
    set_positions(frames, kBefore, kPosition);
    EXPECT_EQ(frames.own->text(), expected);
    EXPECT_EQ(transport::make_frame_without_trailer(*frames.own)->text(),
              encode_event(publication, {}, std::nullopt)[0]->text());
  }
}

TEST(EventEncoderTest, the_position_of_an_event_that_is_acknowledged_stands_beside_it) {
  constexpr eventlog::Position kBefore{.life = 1, .durable = 1, .released = 1};
  constexpr eventlog::Position kPosition{.life = 1, .durable = 3, .released = 3};
  std::string scratch;
  const EventFrames frames = gateway::encode_event({.event = "risk_alert"}, {"RISK_ALERT"},
                                                   {.ack_id = 7, .with_position = true}, scratch);
  auto mark = make_event_mark(3, "/", "position");
  const EventMark& kept = *mark;
  transport::set_mark(frames.own, std::move(mark));
  set_positions(frames, kBefore, kPosition);
  EXPECT_EQ(frames.own->text(), R"(427["risk_alert"])");
  EXPECT_EQ(kept.position->text(), R"(42["position","AAAAABAAAAAAACAAAAAAAC"])");
  EXPECT_EQ(frames.aliases[0]->text(), R"(42["RISK_ALERT","AAAAABAAAAAAADAAAAAAAD"])");
  EXPECT_EQ(frames.position(), R"("AAAAABAAAAAAADAAAAAAAD")");
}

TEST(EventEncoderTest, each_name_has_a_position_of_its_own) {
  constexpr eventlog::Position kBefore{.life = 1, .durable = 1, .released = 1};
  constexpr eventlog::Position kPosition{.life = 1, .durable = 1, .released = 4};
  std::string scratch;
  const EventFrames frames =
      gateway::encode_event({.event = "risk_alert"}, kAliases, {.with_position = true}, scratch);
  set_positions(frames, kBefore, kPosition);
  const auto all = list(frames);
  EXPECT_TRUE(all[0]->text().ends_with(R"("AAAAABAAAAAAABAAAAAAAC"])"));
  EXPECT_TRUE(all[1]->text().ends_with(R"("AAAAABAAAAAAABAAAAAAAD"])"));
  EXPECT_TRUE(all[2]->text().ends_with(R"("AAAAABAAAAAAABAAAAAAAE"])"));
}

}  // namespace
}  // namespace outcry::gateway
