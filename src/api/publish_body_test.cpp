#include "api/publish_body.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace outcry::api {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

auto decode(std::string_view body, PublishShape shape = PublishShape::room) {
  return decode_publish_body(body, shape, {});
}

Problem problem_of(std::string_view body, PublishShape shape = PublishShape::room) {
  auto decoded = decode(body, shape);
  EXPECT_FALSE(decoded) << body;
  return decoded ? Problem{} : decoded.error();
}

std::string text(std::size_t size) {
  return std::string(size, 'x');
}

TEST(PublishBody, all_fields_are_read) {
  const auto decoded =
      decode(R"( {"room":"challenge_7","event":"risk_alert","data":{"level": 2.50},"id":"a-1",)"
             R"("namespace":"/chat","except":["user_1","user_2"]} )");
  ASSERT_TRUE(decoded);
  ASSERT_EQ(decoded->size(), 1);
  const bus::Publication& publication = decoded->front();
  EXPECT_EQ(publication.audience, (bus::Audience{.namespace_name = "/chat",
                                                 .everyone = false,
                                                 .rooms = {"challenge_7"},
                                                 .except = {"user_1", "user_2"}}));
  EXPECT_EQ(publication.event, "risk_alert");
  EXPECT_EQ(publication.arguments, R"({"level": 2.50})");  // not 2.5
  EXPECT_EQ(publication.id, "a-1");
}

TEST(PublishBody, data_of_any_kind_is_one_argument_and_its_absence_none) {
  for (const std::string_view data :
       {"null", "true", "-0.0", "\"\\u00e9\"", "[1, 2]", "{}", "1180591620717411303424"}) {
    const auto decoded = decode(fmt::format(R"({{"room":"r","event":"e","data":{}}})", data));
    ASSERT_TRUE(decoded) << data;
    EXPECT_EQ(decoded->front().arguments, data);
  }
  const auto decoded = decode(R"({"room":"r","event":"e"})");
  ASSERT_TRUE(decoded);
  EXPECT_EQ(decoded->front().arguments, "");
}

TEST(PublishBody, lengths_are_allowed_up_to_the_limit_and_not_beyond) {
  const auto body = [](std::size_t room, std::size_t event, std::size_t id) {
    return fmt::format(R"({{"room":"{}","event":"{}","id":"{}"}})", text(room), text(event),
                       text(id));
  };
  EXPECT_TRUE(decode(body(256, 128, 128)));
  EXPECT_EQ(problem_of(body(257, 1, 1)).detail, "room has 257 bytes; at most 256 are allowed");
  EXPECT_EQ(problem_of(body(1, 129, 1)).pointer, "#/event");
  EXPECT_EQ(problem_of(body(1, 1, 129)).pointer, "#/id");
}

TEST(PublishBody, an_unknown_key_is_refused_without_being_repeated) {
  const Problem problem = problem_of(R"({"room":"r","event":"e","excpet":["user_1"]})");
  EXPECT_EQ(problem.kind, ProblemKind::invalid_field);
  EXPECT_THAT(problem.detail, HasSubstr("known are room"));
  EXPECT_THAT(problem.detail, testing::Not(HasSubstr("excpet")));
}

TEST(PublishBody, each_fault_points_at_its_field) {
  const struct {
    std::string_view body;
    std::string_view pointer;
  } kFaults[] = {
      {R"([])", "#"},
      {R"({"event":"e"})", "#/room"},
      {R"({"room":"r"})", "#/event"},
      {R"({"room":"","event":"e"})", "#/room"},
      {R"({"room":7,"event":"e"})", "#/room"},
      {R"({"room":"a\u0000b","event":"e"})", "#/room"},
      {R"({"room":"r","room":"s","event":"e"})", "#/room"},
      {R"({"room":"r","rooms":["s"],"event":"e"})", "#/rooms"},
      {R"({"room":"r","event":"disconnect"})", "#/event"},
      {R"({"room":"r","event":"dis\u0063onnect"})", "#/event"},
      {R"({"room":"r","event":"e","namespace":"chat"})", "#/namespace"},
      {R"({"room":"r","event":"e","namespace":"/a,b"})", "#/namespace"},
      {R"({"room":"r","event":"e","except":"s"})", "#/except"},
      {R"({"room":"r","event":"e","except":["s",1]})", "#/except/1"},
      {R"({"room":"r","event":"e","id":"a b"})", "#/id"},
      {R"({"room":"r","event":"e","id":""})", "#/id"},
  };
  for (const auto& fault : kFaults) {
    const Problem problem = problem_of(fault.body);
    EXPECT_EQ(problem.kind, ProblemKind::invalid_field) << fault.body;
    EXPECT_EQ(problem.pointer, fault.pointer) << fault.body;
  }
}

TEST(PublishBody, what_is_not_json_is_malformed) {
  for (const std::string_view body : {"", "{", "{\"room\":\"r\",}", "{} x", "NaN", "\"\xff\""}) {
    EXPECT_EQ(problem_of(body).kind, ProblemKind::malformed_request) << body;
  }
}

TEST(PublishBody, a_broadcast_names_one_to_a_thousand_rooms) {
  const auto body = [](std::size_t count) {
    std::string rooms;
    for (std::size_t i = 0; i < count; ++i) rooms += fmt::format("{}\"r{}\"", i ? "," : "", i);
    return fmt::format(R"({{"rooms":[{}],"event":"e"}})", rooms);
  };
  const auto decoded = decode(body(1000), PublishShape::rooms);
  ASSERT_TRUE(decoded);
  EXPECT_EQ(decoded->front().audience.rooms.size(), 1000);
  EXPECT_EQ(problem_of(body(1001), PublishShape::rooms).pointer, "#/rooms");
  EXPECT_EQ(problem_of(body(0), PublishShape::rooms).pointer, "#/rooms");
  EXPECT_EQ(problem_of(R"({"room":"r","event":"e"})", PublishShape::rooms).pointer, "#/room");
}

TEST(PublishBody, a_batch_keeps_order_and_takes_both_kinds) {
  const auto decoded =
      decode(R"([{"room":"a","event":"x"},{"rooms":["b","c"],"event":"y"}])", PublishShape::batch);
  ASSERT_TRUE(decoded);
  ASSERT_EQ(decoded->size(), 2);
  EXPECT_EQ(decoded->at(0).event, "x");
  EXPECT_THAT(decoded->at(1).audience.rooms, ElementsAre("b", "c"));
}

TEST(PublishBody, one_bad_publication_refuses_its_batch) {
  EXPECT_EQ(problem_of(R"([{"room":"a","event":"x"},{"room":"b"}])", PublishShape::batch).pointer,
            "#/1/event");
  EXPECT_EQ(problem_of("[7]", PublishShape::batch).pointer, "#/0");
  EXPECT_EQ(problem_of("[]", PublishShape::batch).pointer, "#");
}

TEST(PublishBody, a_batch_holds_at_most_a_thousand) {
  const auto body = [](std::size_t count) {
    std::string out = "[";
    for (std::size_t i = 0; i < count; ++i) {
      out += fmt::format(R"({}{{"room":"r","event":"e"}})", i ? "," : "");
    }
    return out + "]";
  };
  EXPECT_TRUE(decode(body(1000), PublishShape::batch));
  EXPECT_THAT(problem_of(body(1001), PublishShape::batch).detail, HasSubstr("at most 1000"));
}

}  // namespace
}  // namespace outcry::api
