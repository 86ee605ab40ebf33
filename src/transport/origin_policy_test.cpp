#include "transport/origin_policy.h"

#include <string>

#include <gtest/gtest.h>

namespace outcry::transport {
namespace {

TEST(OriginPolicy, compares_exactly) {
  const OriginPolicy policy({"https://app.example.com"});
  EXPECT_TRUE(policy.allows("https://app.example.com", "ws.example.com", Scheme::unsaid));
  for (const char* other : {"http://app.example.com", "https://app.example.com:443",
                            "https://app.example.com/", "https://APP.example.com",
                            "https://app.example.com.evil.org", "https://evilapp.example.com",
                            "https://example.com", "null", "https://", "app.example.com"}) {
    EXPECT_FALSE(policy.allows(other, "ws.example.com", Scheme::unsaid)) << other;
  }
}

TEST(OriginPolicy, allows_no_origin_and_the_servers_own) {
  const OriginPolicy policy({});
  EXPECT_TRUE(policy.allows("", "here:5000", Scheme::unsaid));
  EXPECT_TRUE(policy.allows("http://here:5000", "here:5000", Scheme::unsaid));
  EXPECT_TRUE(policy.allows("https://here:5000", "here:5000", Scheme::unsaid));
  EXPECT_FALSE(policy.allows("http://here", "here:5000", Scheme::unsaid));
  EXPECT_FALSE(policy.allows("null", "", Scheme::unsaid));
  EXPECT_FALSE(policy.allows("https://", "", Scheme::unsaid)) << "no authority is nobody's";
}

TEST(OriginPolicy, the_servers_own_is_that_of_the_scheme_it_was_asked_by) {
  const OriginPolicy policy({});
  EXPECT_TRUE(policy.allows("https://here", "here", Scheme::https));
  EXPECT_FALSE(policy.allows("http://here", "here", Scheme::https))
      << "anyone on the way may have written that page";
  EXPECT_TRUE(policy.allows("http://here", "here", Scheme::http));
  EXPECT_FALSE(policy.allows("https://here", "here", Scheme::http));
  for (const char* other : {"ws://here", "wss://here", "HTTPS://here", "file://here", "://here",
                            "chrome-extension://here", "here", "https:/here", "https:here"}) {
    EXPECT_FALSE(policy.allows(other, "here", Scheme::unsaid)) << other;
  }
}

TEST(OriginPolicy, nothing_that_resembles_an_origin_is_taken_for_it) {
  const OriginPolicy policy({"https://app.example.com", "https://xn--bcher-kva.example"});
  for (const std::string& other : {
           std::string("null"),
           std::string("https://app.example.com."),
           std::string("https://app.example.com:443"),
           std::string("https://app.example.com:8443"),
           std::string("https://app.example.com/"),
           std::string("https://app.example.com#"),
           std::string("https://app.example.com?"),
           std::string("https://app.example.com\0", 24),
           std::string("https://app.example.com\0.evil.org", 33),
           std::string("https://app.example.com@evil.org"),
           std::string("https://app.example.com:pass@evil.org"),
           std::string("https://evil.org@app.example.com"),
           std::string("https://user@app.example.com"),
           std::string("https://app.example.com.evil.org"),
           std::string("https://evil-app.example.com"),
           std::string("https://evil.org/https://app.example.com"),
           std::string("https://evil.org#https://app.example.com"),
           std::string("https://appXexample.com"),
           std::string("https://app.example.co"),
           std::string("https://app.example.comm"),
           std::string("https://App.Example.Com"),
           std::string("HTTPS://app.example.com"),
           std::string("http://app.example.com"),
           std::string("wss://app.example.com"),
           std::string("https://app.example.com https://evil.org"),
           std::string("https://evil.org https://app.example.com"),
           std::string("https://app.example.com, https://evil.org"),
           std::string("https://app.example.com,https://app.example.com"),
           std::string(" https://app.example.com"),
           std::string("https://app.example.com "),
           std::string("https://app.example.com\t"),
           std::string("https:\\\\app.example.com"),
           std::string("//app.example.com"),
           std::string("https://*.example.com"),
           std::string("*"),
           std::string("https://b\xC3\xBC"
                       "cher.example"),
           std::string("https://xn--bcher-kva.example."),
           std::string("https://XN--bcher-kva.example"),
       }) {
    EXPECT_FALSE(policy.allows(other, "gateway.example.com", Scheme::https)) << other;
  }
}

TEST(OriginPolicy, a_star_allows_all_but_names_the_one_that_asks) {
  const OriginPolicy policy({"*"});
  EXPECT_TRUE(policy.allows("https://any.example", "here", Scheme::unsaid));
  EXPECT_TRUE(policy.allows("null", "here", Scheme::unsaid));
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
