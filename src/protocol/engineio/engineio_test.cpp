#include <gtest/gtest.h>

#include "protocol/engineio/packet.h"
#include "protocol/engineio/session_key.h"

namespace outcry::engineio {
namespace {

std::error_code error_of(std::string_view text) {
  std::string scratch;
  const auto packet = decode_packet(text, scratch);
  return packet ? std::error_code{} : packet.error();
}

TEST(EngineIoPacket, decodes_each_type_and_its_text) {
  constexpr std::string_view kAll[] = {"0{}", "1", "2probe", "3", "4hello", "5", "6"};
  for (int i = 0; i < 7; ++i) {
    std::string scratch;
    const auto packet = decode_packet(kAll[i], scratch);
    ASSERT_TRUE(packet) << kAll[i];
    EXPECT_EQ(static_cast<int>(packet->type), i);
    EXPECT_EQ(packet->text, kAll[i].substr(1));
    EXPECT_FALSE(packet->is_binary);
  }
}

TEST(EngineIoPacket, decodes_base64_as_a_binary_message) {
  std::string scratch;
  const auto packet = decode_packet("bAQIDBA==", scratch);
  ASSERT_TRUE(packet);
  EXPECT_TRUE(packet->is_binary);
  EXPECT_EQ(packet->type, PacketType::message);
  EXPECT_EQ(packet->text, "\x01\x02\x03\x04");
}

TEST(EngineIoPacket, refuses_what_is_not_a_packet) {
  EXPECT_EQ(error_of(""), PacketError::empty_packet);
  EXPECT_EQ(error_of("7"), PacketError::unknown_type);
  EXPECT_EQ(error_of("abc"), PacketError::unknown_type);
  EXPECT_EQ(error_of("b!!!"), PacketError::bad_base64);
  EXPECT_EQ(error_of("bAQ"), PacketError::bad_base64);
}

TEST(EngineIoPayload, gives_the_packets_in_order_up_to_the_first_bad_one) {
  PayloadReader reader(
      "4a\x1e"
      "bAQID\x1e"
      "2\x1exyz\x1e"
      "4never");
  EXPECT_EQ(reader.next()->text, "a");
  EXPECT_EQ(reader.next()->text, "\x01\x02\x03");
  EXPECT_EQ(reader.next()->type, PacketType::ping);
  EXPECT_FALSE(reader.done());
  EXPECT_EQ(reader.next().error(), PacketError::unknown_type);
}

TEST(EngineIoPayload, an_empty_body_or_a_trailing_separator_is_an_empty_packet) {
  EXPECT_EQ(PayloadReader("").next().error(), PacketError::empty_packet);
  PayloadReader reader("4a\x1e");
  EXPECT_TRUE(reader.next());
  EXPECT_FALSE(reader.done());
  EXPECT_EQ(reader.next().error(), PacketError::empty_packet);
}

TEST(EngineIoPayload, refuses_a_body_that_is_not_utf8) {
  EXPECT_EQ(PayloadReader("4\xff").next().error(), PacketError::invalid_utf8);
}

TEST(EngineIoHandshake, has_the_five_keys_in_order) {
  EXPECT_EQ(encode_open({"abc", true, 300, 200, 1'000'000}),
            R"(0{"sid":"abc","upgrades":["websocket"],"pingInterval":300,"pingTimeout":200,)"
            R"("maxPayload":1000000})");
  EXPECT_EQ(encode_open({"abc", false, 25'000, 20'000, 5}),
            R"(0{"sid":"abc","upgrades":[],"pingInterval":25000,"pingTimeout":20000,)"
            R"("maxPayload":5})");
}

TEST(EngineIoSessionKey, names_its_home_and_nothing_else_does) {
  const SessionPlace place{.home = {.node = 7, .worker = 3}, .slot = 0x12'34'56};
  const SessionKey made = SessionKey::make(place);
  const std::string key(made.text());
  EXPECT_EQ(key.size(), kSessionKeyLength);
  ASSERT_TRUE(place_of(key));
  EXPECT_EQ(place_of(key)->home.node, 7);
  EXPECT_EQ(place_of(key)->home.worker, 3);
  EXPECT_EQ(place_of(key)->slot, place.slot);
  EXPECT_TRUE(made.is(key));
  EXPECT_FALSE(made.is(SessionKey::make(place).text()));
  EXPECT_FALSE(made.is(key.substr(1)));
  EXPECT_FALSE(made.is(""));
  EXPECT_FALSE(place_of(""));
  EXPECT_FALSE(place_of(key.substr(1)));
  EXPECT_FALSE(place_of("!" + key.substr(1)));
}

}  // namespace
}  // namespace outcry::engineio
