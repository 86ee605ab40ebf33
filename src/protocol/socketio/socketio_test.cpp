#include <gtest/gtest.h>

#include "protocol/socketio/packet.h"
#include "protocol/socketio/packet_reader.h"

namespace outcry::socketio {
namespace {

const PacketLimits kLimits;

Packet decoded(std::string_view text) {
  const auto packet = decode_packet(text, kLimits);
  EXPECT_TRUE(packet) << text << ": " << packet.error().message();
  return packet.value_or(Packet{});
}

std::error_code error_of(std::string_view text, const PacketLimits& limits = kLimits) {
  const auto packet = decode_packet(text, limits);
  return packet ? std::error_code{} : packet.error();
}

TEST(SocketIoPacket, decodes_connect_with_and_without_namespace_and_payload) {
  EXPECT_EQ(decoded("0").namespace_name, "/");
  EXPECT_EQ(decoded("0/chat,").namespace_name, "/chat");
  EXPECT_EQ(decoded("0/chat").namespace_name, "/chat");
  const Packet packet = decoded(R"(0/chat,{"token":"x"})");
  EXPECT_EQ(packet.type, PacketType::connect);
  EXPECT_EQ(packet.data, R"({"token":"x"})");
}

TEST(SocketIoPacket, decodes_events_with_namespace_and_ack_id) {
  const Packet packet = decoded(R"(2/chat,15["hi",{"a":1}])");
  EXPECT_EQ(packet.namespace_name, "/chat");
  EXPECT_EQ(packet.id, 15u);
  EXPECT_EQ(event_name(packet), "hi");
  EXPECT_EQ(first_argument(packet), R"({"a":1})");
  EXPECT_EQ(event_name(decoded("2[42]")), "42");
  EXPECT_EQ(event_name(decoded(R"(2["a\u0062"])")), "ab");
  EXPECT_EQ(first_argument(decoded(R"(2["a"])")), "");
}

TEST(SocketIoPacket, decodes_acks_and_disconnects) {
  EXPECT_EQ(decoded("37[]").id, 7u);
  EXPECT_EQ(decoded("1/chat,").namespace_name, "/chat");
  EXPECT_EQ(decoded("1").type, PacketType::disconnect);
  EXPECT_EQ(decoded(R"(61-8[{"_placeholder":true,"num":0}])").attachment_count, 1u);
}

TEST(SocketIoPacket, refuses_what_the_reference_parser_refuses) {
  EXPECT_EQ(error_of(""), PacketError::empty_packet);
  for (const char* text : {"7", "abc", "x", "-"}) {
    EXPECT_EQ(error_of(text), PacketError::unknown_type) << text;
  }
  for (const char* text : {"2", "2{}", R"(2"a")", "2[]", "2[null]", "2[{}]", "3", "37", "37{}",
                           "0[1]", R"(0"x")", "0null", "1[]", "4", "41"}) {
    EXPECT_TRUE(error_of(text)) << text;
  }
  for (const char* text : {R"(2 ["echo"])", R"(2["echo"] )", R"(2["echo")", "2abc[1]", "2[nan]"}) {
    EXPECT_EQ(error_of(text), PacketError::bad_json) << text;
  }
  for (const char* name : {"connect", "connect_error", "disconnect", "disconnecting", "newListener",
                           "removeListener"}) {
    EXPECT_EQ(error_of(std::string("2[\"") + name + "\"]"), PacketError::reserved_event) << name;
  }
}

TEST(SocketIoPacket, attachment_counts_are_digits_from_1_to_the_limit) {
  for (const char* text : {"50-[\"a\"]", "5[\"a\"]", "51.5-[\"a\"]", "5-1-[\"a\"]", "51e1-[\"a\"]",
                           "59999999-[\"a\"]", "501-[\"a\"]"}) {
    EXPECT_EQ(error_of(text), PacketError::bad_attachment_count) << text;
  }
  EXPECT_FALSE(error_of("510-[\"a\"]"));
  EXPECT_EQ(error_of("511-[\"a\"]"), PacketError::too_many_attachments);
}

TEST(SocketIoPacket, bounds_ack_ids_namespaces_and_depth) {
  EXPECT_EQ(decoded(R"(2123456789012345["a"])").id, 123456789012345u);
  EXPECT_EQ(error_of(R"(21234567890123456["a"])"), PacketError::bad_ack_id);
  EXPECT_EQ(error_of("3[]"), PacketError::bad_ack_id);
  const std::string name = "/" + std::string(255, 'n');
  EXPECT_FALSE(error_of("0" + name));
  EXPECT_EQ(error_of("0" + name + "n"), PacketError::namespace_too_long);
  const std::string deep(32, '[');
  EXPECT_EQ(error_of("2[\"a\"," + deep + std::string(32, ']') + "]"), PacketError::bad_json);
}

TEST(SocketIoPacketReader, joins_a_header_with_its_attachments) {
  PacketReader reader;
  std::string header = R"(52-["m",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}])";
  auto packet = reader.text(header, kLimits);
  ASSERT_TRUE(packet);
  EXPECT_FALSE(*packet);
  header.assign(header.size(), '#');  // the caller's buffer is reused meanwhile
  EXPECT_FALSE(reader.binary(as_bytes("one"), kLimits).value());
  packet = reader.binary(as_bytes("two"), kLimits);
  ASSERT_TRUE(packet && *packet);
  EXPECT_EQ(event_name(**packet), "m");
  ASSERT_EQ((*packet)->attachments.size(), 2u);
  EXPECT_EQ((*packet)->attachments[1], "two");
  EXPECT_TRUE(reader.text(R"(2["next"])", kLimits).value());
}

TEST(SocketIoPacketReader, nothing_may_come_between_or_beside) {
  PacketReader awaiting;
  EXPECT_TRUE(awaiting.text(R"(51-["m",{"_placeholder":true,"num":0}])", kLimits));
  EXPECT_EQ(awaiting.text("1", kLimits).error(), PacketError::attachment_expected);
  EXPECT_EQ(PacketReader().binary(as_bytes("x"), kLimits).error(),
            PacketError::attachment_unexpected);
  PacketReader done;
  EXPECT_TRUE(done.text(R"(51-["m"])", kLimits));
  EXPECT_TRUE(done.binary(as_bytes("unused"), kLimits).value());
  EXPECT_EQ(done.binary(as_bytes("x"), kLimits).error(), PacketError::attachment_unexpected);
}

TEST(SocketIoPacketReader, checks_placeholders_and_total_bytes) {
  for (const char* num : {"1", "-1", "\"0\"", "0.5", "null"}) {
    const std::string text =
        R"(51-["m",[{"a":{"_placeholder":true,"num":)" + std::string(num) + "}}]]";
    EXPECT_EQ(PacketReader().text(text, kLimits).error(), PacketError::bad_placeholder) << num;
  }
  PacketLimits small;
  small.attachment_bytes_max = 5;
  PacketReader reader;
  EXPECT_TRUE(reader.text(R"(52-["m"])", small));
  EXPECT_TRUE(reader.binary(as_bytes("abc"), small));
  EXPECT_EQ(reader.binary(as_bytes("def"), small).error(), PacketError::attachments_too_big);
}

TEST(SocketIoEncoder, writes_the_bytes_of_the_reference) {
  std::string out;
  append_connect(out, "/", "TxRe5wT4qn48RIW2AAAL");
  EXPECT_EQ(out, R"(0{"sid":"TxRe5wT4qn48RIW2AAAL"})");
  out.clear();
  append_connect_error(out, "/random", "Invalid namespace");
  EXPECT_EQ(out, R"(4/random,{"message":"Invalid namespace"})");
  out.clear();
  append_connect_error(out, "/", "no \"way\"", R"({"code":"x"})");
  EXPECT_EQ(out, R"(4{"message":"no \"way\"","data":{"code":"x"}})");
  out.clear();
  append_event(out, {.namespace_name = "/chat", .event = "hi", .arguments = "1,2", .ack_id = 5});
  EXPECT_EQ(out, R"(2/chat,5["hi",1,2])");
  out.clear();
  append_event(
      out, {.event = "f", .arguments = R"({"_placeholder":true,"num":0})", .attachment_count = 1});
  EXPECT_EQ(out, R"(51-["f",{"_placeholder":true,"num":0}])");
  out.clear();
  append_ack(out, {.id = 456, .arguments = "1"});
  EXPECT_EQ(out, "3456[1]");
  out.clear();
  append_disconnect(out, "/chat");
  EXPECT_EQ(out, "1/chat,");
}

}  // namespace
}  // namespace outcry::socketio
