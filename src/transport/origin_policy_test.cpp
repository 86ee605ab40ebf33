#include "transport/origin_policy.h"

#include <gtest/gtest.h>

namespace outcry::transport {
namespace {

TEST(OriginPolicy, compares_exactly) {
  const OriginPolicy policy({"https://app.example.com"});
  EXPECT_TRUE(policy.allows("https://app.example.com", "ws.example.com"));
  for (const char* other : {"http://app.example.com", "https://app.example.com:443",
                            "https://app.example.com/", "https://APP.example.com",
                            "https://app.example.com.evil.org", "https://evilapp.example.com",
                            "https://example.com", "null", "https://", "app.example.com"}) {
    EXPECT_FALSE(policy.allows(other, "ws.example.com")) << other;
  }
}

TEST(OriginPolicy, allows_no_origin_and_the_servers_own) {
  const OriginPolicy policy({});
  EXPECT_TRUE(policy.allows("", "here:5000"));
  EXPECT_TRUE(policy.allows("http://here:5000", "here:5000"));
  EXPECT_TRUE(policy.allows("https://here:5000", "here:5000"));
  EXPECT_FALSE(policy.allows("http://here", "here:5000"));
  EXPECT_FALSE(policy.allows("null", ""));
  EXPECT_FALSE(policy.allows("https://", "")) << "no authority is nobody's";
}

TEST(OriginPolicy, a_star_allows_all_but_names_the_one_that_asks) {
  const OriginPolicy policy({"*"});
  EXPECT_TRUE(policy.allows("https://any.example", "here"));
  EXPECT_TRUE(policy.allows("null", "here"));
  EXPECT_EQ(policy.response_headers("https://any.example"),
            "Access-Control-Allow-Origin: https://any.example\r\n"
            "Access-Control-Allow-Credentials: true\r\nVary: Origin\r\n");
  EXPECT_EQ(policy.response_headers(""), "");
}

TEST(OriginPolicy, repeats_nothing_that_could_end_a_header) {
  const OriginPolicy policy({"*"});
  for (const char* hostile : {"https://a\r\nX: y", "https://a b", "https://\x80", "https://\x7f"}) {
    EXPECT_EQ(policy.response_headers(hostile), "") << hostile;
    EXPECT_EQ(policy.preflight_headers(hostile, "x-a"), "") << hostile;
  }
  for (const char* hostile : {"x-a\r\nSet-Cookie: b", "x-a: b", "x;a", "\"x\""}) {
    EXPECT_EQ(policy.preflight_headers("https://a", hostile).find("Allow-Headers"),
              std::string::npos)
        << hostile;
  }
}

TEST(OriginPolicy, a_preflight_is_answered_with_what_was_asked_for) {
  const OriginPolicy policy({"https://a"});
  EXPECT_EQ(policy.preflight_headers("https://a", "content-type, x-token"),
            "Access-Control-Allow-Origin: https://a\r\nAccess-Control-Allow-Credentials: true\r\n"
            "Vary: Origin\r\nAccess-Control-Allow-Methods: GET,POST\r\n"
            "Access-Control-Allow-Headers: content-type, x-token\r\n"
            "Access-Control-Max-Age: 600\r\n");
}

}  // namespace
}  // namespace outcry::transport
