#include "bus/python_message.h"

#include <string>
#include <variant>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/json_text.h"
#include "bus/message_error.h"
#include "bus/vectors_for_test.h"

namespace outcry::bus {
namespace {

using Json = nlohmann::json;
using testing::ElementsAre;
using testing::IsEmpty;

// ---- The captured messages ----

Json names(const std::vector<std::string>& list) {
  return Json(list);
}

// A Publication in the form of a vector's `gateway_action`.
Json action_of(const Publication& publication) {
  const std::string text = "[" + publication.arguments + "]";
  EXPECT_TRUE(json::validate(text)) << text;
  Json callback = nullptr;
  if (publication.callback) {
    callback = {{"host_id", publication.callback->host_id},
                {"sid", publication.callback->room},
                {"namespace", publication.callback->namespace_name},
                {"id", Json::parse(publication.callback->id_json)}};
  }
  const Audience& audience = publication.audience;
  return {{"action", "emit"},
          {"namespace", audience.namespace_name},
          {"rooms", audience.everyone ? Json(nullptr) : names(audience.rooms)},
          {"skip_sids", names(audience.except)},
          {"event", publication.event},
          {"args", model_of(text, publication.attachments)},
          {"callback", callback}};
}

// The other actions; which of them a LeaveRooms stands for follows from whom it names.
Json action_of(const Message& message) {
  if (const auto* publication = std::get_if<Publication>(&message)) return action_of(*publication);
  if (const auto* join = std::get_if<JoinRooms>(&message)) {
    return {{"action", "enter_room"},
            {"sid", join->audience.rooms.at(0)},
            {"room", join->rooms.at(0)},
            {"namespace", join->audience.namespace_name}};
  }
  if (const auto* leave = std::get_if<LeaveRooms>(&message)) {
    if (leave->audience.rooms == leave->rooms) {
      return {{"action", "close_room"},
              {"room", leave->rooms.at(0)},
              {"namespace", leave->audience.namespace_name}};
    }
    return {{"action", "leave_room"},
            {"sid", leave->audience.rooms.at(0)},
            {"room", leave->rooms.at(0)},
            {"namespace", leave->audience.namespace_name}};
  }
  const auto& disconnect = std::get<DisconnectSockets>(message);
  EXPECT_FALSE(disconnect.close_connection);
  return {{"action", "disconnect"},
          {"sid", disconnect.audience.rooms.at(0)},
          {"namespace", disconnect.audience.namespace_name}};
}

// Vectors whose publisher is 5.14.0 to 5.15.0 expect the reading that a setting chooses.
bool is_legacy(const Vector& vector) {
  const std::string publisher = vector.description.value("publisher", "");
  return publisher.find(" 5.14.") != std::string::npos ||
         publisher.find(" 5.15.0") != std::string::npos;
}

// Described by a summary instead of its content: data is (70000 zero bytes, 66000 'z', 2**3000).
void check_large_items(const Vector& vector, PythonMessageDecoder& decoder) {
  ASSERT_EQ(vector.name, "p59-constructed-large-items");
  const auto message = decoder.decode(vector.payload);
  ASSERT_TRUE(message && *message);
  const auto& publication = std::get<Publication>(**message);
  EXPECT_THAT(publication.attachments, ElementsAre(std::string(70'000, '\0')));
  const std::string head = R"({"_placeholder":true,"num":0},")" + std::string(66'000, 'z') + "\",";
  ASSERT_TRUE(publication.arguments.starts_with(head));
  const std::string power = publication.arguments.substr(head.size());
  EXPECT_EQ(power.size(), 904u);
  EXPECT_TRUE(power.starts_with("12302319221611171769315")) << power.substr(0, 30);
  EXPECT_TRUE(power.ends_with("89376")) << power.substr(890);
}

void check_accepted(const Vector& vector, PythonMessageDecoder& decoder) {
  if (!vector.description.contains("gateway_action")) return check_large_items(vector, decoder);
  Json expected = vector.description["gateway_action"];
  const auto message = decoder.decode(vector.payload);
  ASSERT_TRUE(message) << vector.name << ": " << message.error().message();
  if (expected["action"] == "callback" || expected.contains("recipients")) {
    EXPECT_FALSE(*message) << vector.name;
    return;
  }
  if (expected["action"] != "emit") expected.erase("host_id");
  ASSERT_TRUE(*message) << vector.name;
  EXPECT_EQ(action_of(**message), expected) << vector.name;
}

TEST(PythonMessageVectors, each_is_decoded_or_refused_as_it_says) {
  PythonMessageDecoder current;
  PythonMessageDecoder legacy({.json_legacy_args = true, .own_host_id = {}, .limits = {}});
  std::size_t accepted = 0;
  std::size_t refused = 0;
  for (const Vector& vector : load_vectors("python")) {
    PythonMessageDecoder& decoder = is_legacy(vector) ? legacy : current;
    if (vector.description["accept"] == true) {
      check_accepted(vector, decoder);
      ++accepted;
    } else {
      EXPECT_FALSE(decoder.decode(vector.payload)) << vector.name;
      ++refused;
    }
  }
  EXPECT_EQ(accepted, 110u);
  EXPECT_EQ(refused, 32u);
}

TEST(PythonMessageVectors, no_cut_of_any_message_is_accepted) {
  PythonMessageDecoder decoder;
  for (const Vector& vector : load_vectors("python")) {
    if (vector.description["accept"] != true || vector.payload.size() > 4096) continue;
    for (std::size_t size = 0; size < vector.payload.size(); ++size) {
      EXPECT_FALSE(decoder.decode(vector.payload.substr(0, size))) << vector.name << size;
    }
  }
}

// ---- Single rules ----

Publication publication_of(const std::string& payload, PythonMessageOptions options = {}) {
  PythonMessageDecoder decoder(std::move(options));
  const auto message = decoder.decode(payload);
  if (!message || !*message || !std::holds_alternative<Publication>(**message)) {
    ADD_FAILURE() << payload << (message ? "" : message.error().message());
    return {};
  }
  return std::get<Publication>(**message);
}

std::error_code error_of(const std::string& payload) {
  PythonMessageDecoder decoder;
  const auto message = decoder.decode(payload);
  return message ? std::error_code() : message.error();
}

std::string emit(const std::string& members) {
  return R"({"method": "emit", "event": "e")" + members + "}";
}

TEST(PythonMessage, json_arguments_pass_through_byte_for_byte) {
  EXPECT_EQ(
      publication_of(emit(R"(, "data": [ {"a" : 1.50,  "b":[ ]} , 10000000000000000000001 ])"))
          .arguments,
      R"({"a" : 1.50,  "b":[ ]} , 10000000000000000000001)");
}

TEST(PythonMessage, json_data_becomes_arguments_by_era) {
  const auto arguments = [](const std::string& data, bool legacy) {
    return publication_of(emit(", \"data\": " + data), {.json_legacy_args = legacy}).arguments;
  };
  EXPECT_EQ(arguments("[1, 2]", false), "1, 2");
  EXPECT_EQ(arguments("[1, 2]", true), "[1, 2]");
  EXPECT_EQ(arguments("[]", false), "");
  EXPECT_EQ(arguments("[]", true), "[]");
  EXPECT_EQ(arguments("[null]", false), "");
  EXPECT_EQ(arguments("[ null ]", false), "");
  EXPECT_EQ(arguments("[null, null]", false), "null, null");
  EXPECT_EQ(arguments("[[null]]", false), "[null]");
  for (const bool legacy : {false, true}) {
    EXPECT_EQ(arguments("{\"a\": 1}", legacy), "{\"a\": 1}");
    EXPECT_EQ(arguments("null", legacy), "");
    EXPECT_EQ(arguments("0", legacy), "0");
  }
  EXPECT_EQ(publication_of(emit("")).arguments, "");
}

TEST(PythonMessage, binary_json_keeps_its_structure_and_decodes_its_attachments) {
  const Publication publication = publication_of(emit(
      R"(, "binary": true, "data": [["h", {"num": 1, "_placeholder": true}], "AA==", "3q0="])"));
  EXPECT_EQ(publication.arguments, R"("h", {"num": 1, "_placeholder": true})");
  EXPECT_THAT(publication.attachments, ElementsAre(std::string(1, '\0'), "\xde\xad"));
}

TEST(PythonMessage, a_placeholder_without_attachment_is_refused) {
  const auto binary = [](const std::string& data) {
    return error_of(emit(", \"binary\": true, \"data\": " + data));
  };
  EXPECT_EQ(binary(R"([[{"_placeholder": true, "num": 0}], ""])"), std::error_code());
  for (const auto* const num : {"1", "-1", "0.0", "\"0\"", "null", "99999999999999999999"}) {
    EXPECT_EQ(binary(R"([[{"_placeholder": true, "num": )" + std::string(num) + R"(}], ""])"),
              MessageError::wrong_attachments)
        << num;
  }
  EXPECT_EQ(binary(R"([[{"a": [{"_placeholder": true}]}], ""])"), MessageError::wrong_attachments);
  EXPECT_EQ(binary(R"([[1], "AA"])"), MessageError::wrong_attachments);
  EXPECT_EQ(binary(R"([[1], 7])"), MessageError::wrong_attachments);
  EXPECT_EQ(binary("[]"), MessageError::wrong_attachments);
  EXPECT_EQ(binary("5"), MessageError::wrong_attachments);
}

// {'method': 'emit', 'event': 'e', 'data': (b'x', {'_placeholder': True, 'num': 7})}
TEST(PythonMessage, a_pickled_dict_must_not_point_beyond_real_attachments) {
  const std::string head =
      "\x80\x04}(\x8c\x06method\x8c\x04"
      "emit\x8c\x05"
      "event\x8c\x01"
      "e\x8c\x04"
      "data";
  const std::string fake = "}(\x8c\x0c_placeholder\x88\x8c\x03numK\x07u";
  EXPECT_EQ(error_of(head + "C\x01x" + fake + "\x86u."), MessageError::wrong_attachments);
  EXPECT_EQ(publication_of(head + fake + "\x85u.").arguments, R"({"_placeholder":true,"num":7})");
}

TEST(PythonMessage, rooms_and_exclusions) {
  const auto audience = [](const std::string& members) {
    return publication_of(emit(members)).audience;
  };
  EXPECT_EQ(audience(""), (Audience{.everyone = true}));
  EXPECT_EQ(audience(R"(, "room": null, "namespace": null)"), (Audience{.everyone = true}));
  EXPECT_THAT(audience(R"(, "room": 42)").rooms, ElementsAre("42"));
  EXPECT_THAT(audience(R"(, "room": ["a", -7])").rooms, ElementsAre("a", "-7"));
  EXPECT_FALSE(audience(R"(, "room": "a")").everyone);
  EXPECT_THAT(audience(R"(, "skip_sid": "s")").except, ElementsAre("s"));
  EXPECT_THAT(audience(R"(, "skip_sid": ["s", "t"])").except, ElementsAre("s", "t"));
  EXPECT_THAT(audience(R"(, "skip_sid": [])").except, IsEmpty());
  EXPECT_EQ(audience(R"(, "namespace": "/chat")").namespace_name, "/chat");
}

TEST(PythonMessage, an_empty_room_list_reaches_nobody) {
  PythonMessageDecoder decoder;
  const auto emitted = decoder.decode(emit(R"(, "room": [])"));
  ASSERT_TRUE(emitted);
  EXPECT_FALSE(*emitted);
  const auto closed = decoder.decode(R"({"method": "close_room", "room": []})");
  ASSERT_TRUE(closed);
  EXPECT_FALSE(*closed);
}

// `count` times `element`, in an array.
std::string array_of(std::size_t count, std::string_view element) {
  std::string out = "[";
  for (std::size_t i = 0; i < count; ++i) out.append(i > 0 ? "," : "").append(element);
  return out + "]";
}

TEST(PythonMessage, lists_are_bounded_exactly) {
  const auto rooms = [](std::size_t count) {
    return error_of(emit(", \"room\": " + array_of(count, "\"r\"")));
  };
  EXPECT_EQ(rooms(kNamesMax), std::error_code());
  EXPECT_EQ(rooms(kNamesMax + 1), MessageError::wrong_room);
  const auto attachments = [](std::size_t count) {
    return error_of(emit(", \"binary\": true, \"data\": " + array_of(count + 1, "\"\"")));
  };
  EXPECT_EQ(attachments(kAttachmentsMax), std::error_code());
  EXPECT_EQ(attachments(kAttachmentsMax + 1), MessageError::wrong_attachments);
}

TEST(PythonMessage, wrong_members_are_refused_by_name) {
  EXPECT_EQ(error_of(""), MessageError::unknown_encoding);
  EXPECT_EQ(error_of("[]"), MessageError::unknown_encoding);
  EXPECT_EQ(error_of("{}"), MessageError::wrong_method);
  EXPECT_EQ(error_of(R"({"method": 1})"), MessageError::wrong_method);
  EXPECT_EQ(error_of("\x80\x04]."), MessageError::wrong_shape);
  EXPECT_EQ(error_of(R"({"method": "emit"})"), MessageError::wrong_event);
  EXPECT_EQ(error_of(R"({"method": "emit", "event": 1})"), MessageError::wrong_event);
  EXPECT_EQ(error_of(emit(R"(, "namespace": 1)")), MessageError::wrong_namespace);
  for (const auto* const room : {"1.5", "true", "{}", "[null]", "[[\"a\"]]"}) {
    EXPECT_EQ(error_of(emit(R"(, "room": )" + std::string(room))), MessageError::wrong_room)
        << room;
  }
  EXPECT_EQ(error_of(emit(R"(, "skip_sid": {})")), MessageError::wrong_socket);
  EXPECT_EQ(error_of(R"({"method": "close_room"})"), MessageError::wrong_room);
  EXPECT_EQ(error_of(R"({"method": "disconnect"})"), MessageError::wrong_socket);
  EXPECT_EQ(error_of(R"({"method": "enter_room", "sid": "s"})"), MessageError::wrong_room);
  EXPECT_EQ(error_of(R"({"method": "leave_room", "room": "r"})"), MessageError::wrong_socket);
  EXPECT_EQ(error_of(emit("") + "x"), json::JsonError::trailing_text);
}

TEST(PythonMessage, unknown_methods_and_own_messages_are_skipped) {
  PythonMessageDecoder decoder({.json_legacy_args = false, .own_host_id = "me", .limits = {}});
  for (const auto& payload :
       {std::string(R"({"method": "dance", "room": 1.5})"), emit(R"(, "host_id": "me")")}) {
    const auto message = decoder.decode(payload);
    ASSERT_TRUE(message) << payload;
    EXPECT_FALSE(*message) << payload;
  }
  const auto other = decoder.decode(emit(R"(, "host_id": "other")"));
  EXPECT_TRUE(other && *other);
}

TEST(PythonMessage, limits_hold_for_json_too) {
  const ValueLimits limits{.nodes_max = 100, .bytes_max = 60, .depth_max = 3};
  PythonMessageDecoder decoder({.json_legacy_args = false, .own_host_id = {}, .limits = limits});
  EXPECT_TRUE(decoder.decode(emit(R"(, "data": [[]])")));
  EXPECT_EQ(decoder.decode(emit(R"(, "data": [[[]]])")).error(), json::JsonError::too_deep);
  EXPECT_EQ(decoder.decode(emit(R"(, "data": ")" + std::string(60, 'x') + "\"")).error(),
            MessageError::too_big);
}

TEST(PythonMessage, a_callback_of_the_wrong_length_is_none) {
  const auto callback = [](const std::string& value) {
    return publication_of(emit(R"(, "host_id": "h", "callback": )" + value)).callback;
  };
  EXPECT_EQ(callback(R"(["r", "/", 3])"), (Callback{"h", "r", "/", "3"}));
  EXPECT_EQ(callback("null"), std::nullopt);
  EXPECT_EQ(callback("[]"), std::nullopt);
  EXPECT_EQ(callback(R"(["r", "/"])"), std::nullopt);
  EXPECT_EQ(callback(R"(["r", "/", 3, 4])"), std::nullopt);
}

TEST(PythonMessage, refused_pickles_name_their_opcode) {
  PythonMessageDecoder decoder;
  EXPECT_FALSE(decoder.decode("\x80\x04\x8c\x02os\x8c\x06system\x93)R."));
  EXPECT_EQ(decoder.refused_opcode(), "STACK_GLOBAL");
}

TEST(PythonMessage, a_callback_reply_is_what_every_version_reads) {
  EXPECT_EQ(encode_callback_reply({"h\"", "sid1", "/chat", "7"}, R"("a",{"b":1})"),
            R"({"method": "callback", "host_id": "h\"", "sid": "sid1", "namespace": "/chat", )"
            R"("id": 7, "args": ["a",{"b":1}]})");
  EXPECT_EQ(encode_callback_reply({"h", "s", "/", "1"}, ""),
            R"({"method": "callback", "host_id": "h", "sid": "s", "namespace": "/", "id": 1, )"
            R"("args": []})");
}

}  // namespace
}  // namespace outcry::bus
