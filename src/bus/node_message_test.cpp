#include "bus/node_message.h"

#include <map>
#include <string>
#include <variant>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/base64.h"
#include "base/json_text.h"
#include "bus/message_error.h"
#include "bus/vectors_for_test.h"
#include "protocol/msgpack/msgpack_decoder.h"

namespace outcry::bus {
namespace {

using Json = nlohmann::json;
using testing::ElementsAre;
using testing::IsEmpty;

// ---- The captured messages ----

Json decimal_names(const Json& list) {
  Json out = Json::array();
  for (const Json& name : list) out.push_back(name.is_string() ? name : Json(name.dump()));
  return out;
}

void check_audience(const Audience& audience, const Json& opts, const std::string& name) {
  const Json rooms = decimal_names(opts["rooms"]);
  EXPECT_EQ(audience.everyone, rooms.empty()) << name;
  EXPECT_EQ(Json(audience.rooms), rooms) << name;
  EXPECT_EQ(Json(audience.except), decimal_names(opts["except"])) << name;
}

void check_publication(const Message& message, const Json& packet, const Json& opts,
                       const std::string& name) {
  const auto* publication = std::get_if<Publication>(&message);
  ASSERT_NE(publication, nullptr) << name;
  check_audience(publication->audience, opts, name);
  Json data = expected_model(packet["data"]);
  EXPECT_EQ(publication->event, data[0]) << name;
  data.erase(0);
  const std::string text = "[" + publication->arguments + "]";
  ASSERT_TRUE(json::validate(text)) << name << text;
  EXPECT_EQ(model_of(text, publication->attachments), data) << name;
  EXPECT_EQ(publication->is_volatile, opts["flags"].value("volatile", false)) << name;
  EXPECT_FALSE(publication->callback) << name;
}

// `first` is the number that means "join" in this family of formats.
void check_action(const Message& message, int type, int first, const Json& body,
                  const std::string& name) {
  if (type == first) {
    const auto* join = std::get_if<JoinRooms>(&message);
    ASSERT_NE(join, nullptr) << name;
    check_audience(join->audience, body["opts"], name);
    EXPECT_EQ(Json(join->rooms), body["rooms"]) << name;
  } else if (type == first + 1) {
    const auto* leave = std::get_if<LeaveRooms>(&message);
    ASSERT_NE(leave, nullptr) << name;
    check_audience(leave->audience, body["opts"], name);
    EXPECT_EQ(Json(leave->rooms), body["rooms"]) << name;
  } else {
    const auto* disconnect = std::get_if<DisconnectSockets>(&message);
    ASSERT_NE(disconnect, nullptr) << name;
    check_audience(disconnect->audience, body["opts"], name);
    EXPECT_EQ(disconnect->close_connection, body["close"].get<bool>()) << name;
  }
}

void check_sharded(const Message& message, int type, const Json& data, const std::string& name) {
  if (type == 3) return check_publication(message, data["packet"], data["opts"], name);
  check_action(message, type, 4, data, name);
}

// True if what the vector's message asks for needs no answer, so that we act on it.
bool is_for_us(const Json& decoded, bool is_request) {
  if (decoded.is_array()) return true;
  const int type = decoded.value("type", -1);
  if (is_request) return type >= 2 && type <= 4;
  return type >= 3 && type <= 6 && !decoded["data"].contains("requestId");
}

void check_published(const Vector& vector, NodeMessageDecoder& decoder) {
  const std::string channel = vector.description["channel"];
  const Json& decoded = vector.description["decoded"];
  const bool is_response = channel.find("-response#") != std::string::npos;
  const bool is_request = channel.find("-request#") != std::string::npos;
  const auto message = decoder.decode(channel, vector.payload);
  ASSERT_TRUE(message) << vector.name << message.error().message();
  if (is_response || !is_for_us(decoded, is_request)) {
    EXPECT_FALSE(*message) << vector.name;
    return;
  }
  ASSERT_TRUE(*message) << vector.name;
  if (decoded.is_array()) {
    check_publication(**message, decoded[1], decoded[2], vector.name);
  } else if (is_request) {
    check_action(**message, decoded["type"], 2, decoded, vector.name);
  } else {
    check_sharded(**message, decoded["type"], decoded["data"], vector.name);
  }
}

void check_stream_entry(const Vector& vector, NodeMessageDecoder& decoder) {
  const Json& fields = vector.description["fields"];
  const std::string uid = fields["uid"];
  const std::string name = fields["nsp"];
  const std::string type = fields["type"];
  const std::string data = fields["data"];
  const auto message = decoder.decode_stream_entry({uid, name, type, data});
  ASSERT_TRUE(message && *message) << vector.name;
  check_sharded(**message, std::stoi(type), vector.description["decoded_data"], vector.name);
}

// Whatever a msgpack payload means, its content must be decoded exactly.
void check_msgpack(const Vector& vector, std::string_view payload) {
  msgpack::MsgpackDecoder decoder;
  const auto value = decoder.decode(payload);
  ASSERT_TRUE(value) << vector.name << value.error().message();
  std::string text;
  std::vector<std::string> attachments;
  value->append_json(text, attachments);
  ASSERT_TRUE(json::validate(text)) << vector.name;
  EXPECT_EQ(model_of(text, attachments), expected_model(vector.description["decoded"]))
      << vector.name;
}

TEST(NodeMessageVectors, each_decodes_to_what_it_says) {
  NodeMessageDecoder decoder;
  std::map<std::string, std::size_t> seen;
  const std::vector<Vector> vectors = load_vectors("node");
  for (const Vector& vector : vectors) {
    const std::string transport = vector.description["transport"];
    const bool is_msgpack = vector.description.value("encoding", "") == "msgpack";
    ++seen[transport];
    if (is_msgpack) check_msgpack(vector, vector.payload);
    if (transport == "PUBLISH" || transport == "SPUBLISH") {
      check_published(vector, decoder);
    } else if (transport == "XADD entry") {
      check_stream_entry(vector, decoder);
    } else if (transport == "string key") {
      const auto bytes = base64_decode(std::string(vector.description["value"]));
      ASSERT_TRUE(bytes);
      check_msgpack(vector, *bytes);
    } else {
      EXPECT_EQ(transport, "binary WebSocket message");
      EXPECT_TRUE(is_msgpack) << vector.name;
    }
  }
  EXPECT_EQ(seen["PUBLISH"] + seen["SPUBLISH"], 81u);
  EXPECT_EQ(seen["XADD entry"], 12u);
  EXPECT_EQ(seen["string key"], 1u);
  EXPECT_EQ(seen["binary WebSocket message"], 19u);
  EXPECT_EQ(vectors.size(), 113u);
}

// ---- Single rules: JSON, which the adapters' `parser` option allows, keeps them readable ----

constexpr std::string_view kChannel = "socket.io#/#";

std::string classic(const std::string& packet, const std::string& opts = R"({"rooms":[]})") {
  return R"(["emitter",)" + packet + "," + opts + "]";
}

Result<std::optional<Message>> decode(std::string_view channel, std::string_view payload,
                                      NodeMessageOptions options = {}) {
  NodeMessageDecoder decoder(std::move(options));
  return decoder.decode(channel, payload);
}

bool is_skipped(std::string_view channel, std::string_view payload,
                NodeMessageOptions options = {}) {
  const auto message = decode(channel, payload, std::move(options));
  EXPECT_TRUE(message) << payload << message.error().message();
  return message && !*message;
}

std::error_code error_of(std::string_view channel, std::string_view payload) {
  const auto message = decode(channel, payload);
  return message ? std::error_code() : message.error();
}

const std::string kPacket = R"({"type":2,"data":["e", {"a" : 1.50} , 2 ],"nsp":"/"})";

TEST(NodeMessage, json_arguments_pass_through_byte_for_byte) {
  const auto message = decode(kChannel, classic(kPacket));
  ASSERT_TRUE(message && *message);
  EXPECT_EQ(std::get<Publication>(**message).arguments, R"({"a" : 1.50} , 2)");
}

TEST(NodeMessage, no_rooms_means_everyone_but_missing_rooms_do_not) {
  const auto message = decode(kChannel, classic(kPacket));
  ASSERT_TRUE(message && *message);
  EXPECT_TRUE(std::get<Publication>(**message).audience.everyone);
  EXPECT_EQ(error_of(kChannel, classic(kPacket, "{}")), MessageError::wrong_room);
  EXPECT_EQ(error_of(kChannel, classic(kPacket, R"({"rooms":null})")), MessageError::wrong_room);
  EXPECT_EQ(error_of(kChannel, classic(kPacket, R"({"rooms":"a"})")), MessageError::wrong_room);
  EXPECT_EQ(error_of(kChannel, classic(kPacket, R"({"rooms":[1.5]})")), MessageError::wrong_room);
  EXPECT_EQ(error_of(kChannel, classic(kPacket, R"({"rooms":[],"except":[{}]})")),
            MessageError::wrong_room);
}

TEST(NodeMessage, other_channels_are_not_ours) {
  for (const auto* const channel :
       {"socket.io-response#/#", "socket.io", "socket.io#", "socket.io#/", "socket.io#chat#",
        "socket.iox#/#", "other#/#", "socket.io-request", ""}) {
    EXPECT_TRUE(is_skipped(channel, "not even a message")) << channel;
  }
  EXPECT_FALSE(is_skipped("app#/#room#", classic(kPacket), {.prefix = "app"}));
}

TEST(NodeMessage, the_packets_namespace_must_be_the_channels) {
  EXPECT_TRUE(is_skipped("socket.io#/chat#", classic(kPacket)));
  EXPECT_FALSE(is_skipped("socket.io#/#", classic(R"({"type":2,"data":["e"]})")));
  EXPECT_TRUE(is_skipped("socket.io#/chat#", classic(R"({"type":2,"data":["e"]})")));
  const std::string sharded = R"({"type":6,"data":{"opts":{"rooms":[]}},"uid":"u","nsp":"/chat"})";
  EXPECT_TRUE(is_skipped("socket.io#/#", sharded));
  EXPECT_FALSE(is_skipped("socket.io#/chat#", sharded));
}

TEST(NodeMessage, own_broadcasts_are_skipped) {
  EXPECT_TRUE(is_skipped(kChannel, classic(kPacket), {.own_uid = "emitter"}));
  EXPECT_FALSE(is_skipped(kChannel, classic(kPacket), {.own_uid = "other"}));
  const std::string sharded = R"({"type":6,"data":{"opts":{"rooms":[]}},"uid":"u","nsp":"/"})";
  EXPECT_TRUE(is_skipped(kChannel, sharded, {.own_uid = "u"}));
}

TEST(NodeMessage, packets_that_are_no_events_are_skipped) {
  EXPECT_TRUE(is_skipped(kChannel, classic(R"({"type":3,"data":["e"],"nsp":"/"})")));
  EXPECT_TRUE(is_skipped(kChannel, classic(R"({"data":["e"],"nsp":"/"})")));
}

TEST(NodeMessage, wrong_members_are_refused_by_name) {
  EXPECT_EQ(error_of(kChannel, ""), msgpack::MsgpackError::unexpected_end);
  EXPECT_EQ(error_of(kChannel, "[1"), json::JsonError::unexpected_end);
  EXPECT_EQ(error_of(kChannel, "\x01"), MessageError::wrong_shape);
  EXPECT_EQ(error_of(kChannel, "[1,2]"), MessageError::wrong_shape);
  EXPECT_EQ(error_of(kChannel, "{}"), MessageError::wrong_shape);
  EXPECT_EQ(error_of(kChannel, classic(R"({"type":2,"data":[]})")), MessageError::wrong_arguments);
  EXPECT_EQ(error_of(kChannel, classic(R"({"type":2,"data":"e"})")), MessageError::wrong_arguments);
  EXPECT_EQ(error_of(kChannel, classic(R"({"type":2,"data":[1]})")), MessageError::wrong_event);
  EXPECT_EQ(error_of("socket.io-request#/#", "[]"), MessageError::wrong_shape);
  EXPECT_EQ(error_of("socket.io-request#/#", R"({"type":2})"), MessageError::wrong_socket);
  EXPECT_EQ(error_of("socket.io-request#/#", R"({"type":2,"opts":{"rooms":[]}})"),
            MessageError::wrong_room);
}

TEST(NodeMessage, a_fake_placeholder_must_not_point_beyond_real_attachments) {
  // ["e", bin "x", {_placeholder: true, num: 7}]
  const std::string data = std::string(
      "\x93\xa1"
      "e\xc4\x01x\x82\xac_placeholder\xc3\xa3num\x07");
  const std::string payload =
      "\x93\xa1u\x82\xa4type\x02\xa4"
      "data" +
      data + "\x81\xa5rooms\x90";
  EXPECT_EQ(error_of(kChannel, payload), MessageError::wrong_attachments);
}

TEST(NodeMessage, the_old_requests_for_one_socket_are_understood) {
  const auto message =
      decode("socket.io-request#/#", R"({"requestId":"x","type":2,"sid":"s","room":"r"})");
  ASSERT_TRUE(message && *message);
  const auto& join = std::get<JoinRooms>(**message);
  EXPECT_THAT(join.audience.rooms, ElementsAre("s"));
  EXPECT_FALSE(join.audience.everyone);
  EXPECT_THAT(join.rooms, ElementsAre("r"));
}

TEST(NodeMessage, numeric_rooms_are_decimal) {
  const auto message = decode("socket.io-request#/#",
                              R"({"type":3,"opts":{"rooms":[42],"except":[7]},"rooms":[1,"b"]})");
  ASSERT_TRUE(message && *message);
  const auto& leave = std::get<LeaveRooms>(**message);
  EXPECT_THAT(leave.audience.rooms, ElementsAre("42"));
  EXPECT_THAT(leave.audience.except, ElementsAre("7"));
  EXPECT_THAT(leave.rooms, ElementsAre("1", "b"));
}

TEST(NodeMessage, stream_entries_are_checked_like_messages) {
  NodeMessageDecoder decoder({.prefix = "socket.io", .own_uid = "me", .limits = {}});
  const std::string data = R"({"opts":{"rooms":[]},"close":true})";
  const auto entry = [&](std::string_view uid, std::string_view name, std::string_view type,
                         std::string_view body) {
    return decoder.decode_stream_entry({uid, name, type, body});
  };
  EXPECT_TRUE(entry("u", "/", "6", data).value());
  EXPECT_FALSE(entry("me", "/", "6", data).value());
  EXPECT_FALSE(entry("u", "", "6", data).value());
  EXPECT_FALSE(entry("u", "/", "9", data).value());
  EXPECT_EQ(entry("u", "/", "6x", data).error(), MessageError::wrong_shape);
  EXPECT_EQ(entry("u", "/", "", data).error(), MessageError::wrong_shape);
  EXPECT_EQ(entry("u", "/", "6", "****").error(), MessageError::unknown_encoding);
  EXPECT_EQ(entry("u", "/", "6", "kA==").error(), MessageError::wrong_shape);
}

}  // namespace
}  // namespace outcry::bus
