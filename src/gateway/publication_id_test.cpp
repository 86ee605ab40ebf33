#include "gateway/publication_id.h"

#include <gtest/gtest.h>

namespace outcry::gateway {
namespace {

constexpr const char* kMember = "event_id";

bus::Publication publication(const char* arguments) {
  return {.audience = {.namespace_name = "/", .rooms = {"a", "b"}},
          .event = "alert",
          .arguments = arguments};
}

TEST(PublicationIdTest, the_publishers_own_comes_first) {
  bus::Publication own = publication(R"({"event_id":"e1"})");
  own.id = "p1";
  EXPECT_EQ(publication_id(own, kMember), "p1");
}

TEST(PublicationIdTest, a_payloads_goes_with_the_events_name_and_rooms) {
  EXPECT_EQ(publication_id(publication(R"({"n":1,"event_id":"e1"},2)"), kMember),
            "e1\nalert\n/\na\nb");
  EXPECT_EQ(payload_id("e1", "alert", "/", {"a", "b"}), "e1\nalert\n/\na\nb");
}

TEST(PublicationIdTest, what_says_none_has_none) {
  for (const char* arguments :
       {"", "1", R"("event_id")", R"([{"event_id":"e1"}])", R"({"n":1},{"event_id":"e1"})",
        R"({"event_id":7})", R"({"event_id":""})", R"({"event_id":"e1")"}) {
    EXPECT_EQ(publication_id(publication(arguments), kMember), "") << arguments;
  }
  EXPECT_EQ(publication_id(publication(R"({"event_id":"e1"})"), ""), "");
}

TEST(PublicationIdTest, it_outlives_the_run) {
  eventlog::StoredEvent stored{.namespace_name = "/",
                               .rooms = {"a", "b"},
                               .event = "alert",
                               .arguments = R"({"event_id":"e1"})"};
  EXPECT_EQ(publication_id(stored, kMember), "e1\nalert\n/\na\nb");
  stored.id = "p1";
  EXPECT_EQ(publication_id(stored, kMember), "p1");
}

}  // namespace
}  // namespace outcry::gateway
