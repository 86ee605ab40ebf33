#include "gateway/revocation_order.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace outcry::gateway {
namespace {

using testing::HasSubstr;

const WallTime kNow{seconds(1'700'000'000)};

TEST(RevocationOrder, names_one_token_session_or_user) {
  const auto jti = read_revocation(R"({"jti":"j1","ttl_s":60})", kNow);
  ASSERT_TRUE(jti);
  EXPECT_EQ(jti->kind, RevocationKind::jti);
  EXPECT_EQ(jti->value, "j1");
  EXPECT_EQ(jti->until, kNow + seconds(60));
  EXPECT_FALSE(jti->issued_before);
  const auto user = read_revocation(R"({"issued_before":1700000000,"user":"u\u0031"})", kNow);
  ASSERT_TRUE(user);
  EXPECT_EQ(user->kind, RevocationKind::user);
  EXPECT_EQ(user->value, "u1");
  EXPECT_FALSE(user->until);
  EXPECT_EQ(user->issued_before, kNow);
  EXPECT_EQ(read_revocation(R"({"session":"s","until":1700000900})", kNow)->until,
            kNow + seconds(900));
}

TEST(RevocationOrder, anything_else_is_refused_by_name) {
  const auto text_of = [](std::string_view object) {
    const auto read = read_revocation(object, kNow);
    return read ? std::string("taken") : read.error().member + ": " + read.error().text;
  };
  EXPECT_THAT(text_of("[]"), HasSubstr("a JSON object"));
  EXPECT_THAT(text_of("{}"), HasSubstr("is missing"));
  EXPECT_THAT(text_of(R"({"jti":""})"), HasSubstr("jti: "));
  EXPECT_THAT(text_of(R"({"jti":7})"), HasSubstr("1 to 256 bytes"));
  EXPECT_THAT(text_of("{\"jti\":\"" + std::string(257, 'x') + "\"}"), HasSubstr("1 to 256"));
  EXPECT_EQ(text_of("{\"jti\":\"" + std::string(256, 'x') + "\"}"), "taken");
  EXPECT_THAT(text_of(R"({"jti":"a","user":"b"})"), HasSubstr("once"));
  EXPECT_THAT(text_of(R"({"jti":"a","jti":"b"})"), HasSubstr("once"));
  EXPECT_THAT(text_of(R"({"jti":"a","ttl_s":0})"), HasSubstr("ttl_s: "));
  EXPECT_THAT(text_of(R"({"jti":"a","ttl_s":315360001})"), HasSubstr("ttl_s"));
  EXPECT_THAT(text_of(R"({"jti":"a","ttl_s":1.5})"), HasSubstr("whole number"));
  EXPECT_THAT(text_of(R"({"jti":"a","ttl_s":1,"until":1700000009})"), HasSubstr("once"));
  EXPECT_THAT(text_of(R"({"jti":"a","until":1700000000})"), HasSubstr("past"));
  EXPECT_THAT(text_of(R"({"jti":"a","from":"n"})"), HasSubstr("not known"));
}

TEST(RevocationOrder, what_a_node_tells_is_what_another_reads) {
  TokenRevocation revocation{.kind = RevocationKind::user,
                             .value = "a\"b",
                             .until = kNow + std::chrono::milliseconds(500),
                             .issued_before = kNow};
  const auto read = read_revocation(revocation_text(revocation, "node"), kNow, "from");
  ASSERT_TRUE(read);
  EXPECT_EQ(read->value, "a\"b");
  EXPECT_EQ(read->until, kNow + seconds(1)) << "rather longer than shorter";
  EXPECT_EQ(read->issued_before, kNow);
}

}  // namespace
}  // namespace outcry::gateway
