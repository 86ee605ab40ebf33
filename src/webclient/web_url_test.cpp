#include "webclient/web_url.h"

#include <gtest/gtest.h>

namespace outcry::webclient {
namespace {

TEST(WebUrl, is_scheme_host_port_and_target) {
  const auto full = parse_web_url("https://auth.example.com:8443/v1/keys?set=live");
  ASSERT_TRUE(full);
  EXPECT_EQ(*full, (WebUrl{true, "auth.example.com", 8443, "/v1/keys?set=live"}));
  EXPECT_EQ(full->authority(), "auth.example.com:8443");
  EXPECT_EQ(full->origin(), "https://auth.example.com:8443");
  EXPECT_EQ(*parse_web_url("http://h"), (WebUrl{false, "h", 80, "/"}));
  EXPECT_EQ(*parse_web_url("https://h?q"), (WebUrl{true, "h", 443, "/?q"}));
}

TEST(WebUrl, an_ipv6_address_stands_in_brackets) {
  const auto url = parse_web_url("http://[::1]:81/a");
  ASSERT_TRUE(url);
  EXPECT_EQ(*url, (WebUrl{false, "::1", 81, "/a"}));
  EXPECT_EQ(url->authority(), "[::1]:81");
  EXPECT_EQ(parse_web_url("http://[::1/").error(), WebError::bad_host);
  EXPECT_EQ(parse_web_url("http://[::1]81/").error(), WebError::bad_host);
}

TEST(WebUrl, the_schemes_own_port_is_left_out_of_the_host_header) {
  EXPECT_EQ(parse_web_url("https://h:443/")->authority(), "h");
  EXPECT_EQ(parse_web_url("http://h:80/")->authority(), "h");
  EXPECT_EQ(parse_web_url("http://h:443/")->authority(), "h:443");
}

TEST(WebUrl, each_fault_has_its_name) {
  EXPECT_EQ(parse_web_url("").error(), WebError::not_a_web_url);
  EXPECT_EQ(parse_web_url("ftp://h").error(), WebError::not_a_web_url);
  EXPECT_EQ(parse_web_url("HTTPS://h").error(), WebError::not_a_web_url);
  EXPECT_EQ(parse_web_url("https://").error(), WebError::bad_host);
  EXPECT_EQ(parse_web_url("https:///path").error(), WebError::bad_host);
  EXPECT_EQ(parse_web_url("https://a b/").error(), WebError::bad_host);
  EXPECT_EQ(parse_web_url("https://h:/").error(), WebError::bad_port);
  EXPECT_EQ(parse_web_url("https://h:0/").error(), WebError::bad_port);
  EXPECT_EQ(parse_web_url("https://h:65536/").error(), WebError::bad_port);
  EXPECT_EQ(parse_web_url("https://h:80x/").error(), WebError::bad_port);
  EXPECT_EQ(parse_web_url("https://u:p@h/").error(), WebError::user_info);
  EXPECT_EQ(parse_web_url("https://h/#f").error(), WebError::fragment);
  EXPECT_EQ(parse_web_url("https://h/a b").error(), WebError::bad_target);
  EXPECT_EQ(parse_web_url("https://h/a\r\nX: y").error(), WebError::bad_target);
}

}  // namespace
}  // namespace outcry::webclient
