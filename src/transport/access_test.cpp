#include "transport/access.h"

#include <gtest/gtest.h>

namespace outcry::transport {
namespace {

using Word = Client::Word;

net::IpAddress address(const char* text) {
  return net::IpAddress::parse(text).value();
}

AccessOptions trusting(std::initializer_list<const char*> ranges) {
  AccessOptions out;
  for (const char* range : ranges) {
    out.trusted_proxies.push_back(net::IpRange::parse(range).value());
  }
  return out;
}

Client client_of(const Access& access, const char* peer, std::string_view forwarded_for,
                 std::string_view proto = {}, bool over_tls = false) {
  http::Request request;
  request.forwarded_for = forwarded_for;
  request.forwarded_proto = proto;
  return access.client_of(request, address(peer), over_tls);
}

class ForwardedTest : public testing::Test {
 protected:
  std::string found(std::string_view forwarded_for, const char* peer = "10.0.0.1") {
    return client_of(access_, peer, forwarded_for).address.text();
  }
  const Access access_{trusting({"10.0.0.0/8", "2001:db8::/32"})};
};

TEST_F(ForwardedTest, the_last_address_that_is_no_proxys_is_the_client) {
  EXPECT_EQ(found("192.0.2.7"), "192.0.2.7");
  EXPECT_EQ(found("192.0.2.7, 10.0.0.2"), "192.0.2.7");
  EXPECT_EQ(found("192.0.2.7,10.0.0.2 ,\t10.9.9.9"), "192.0.2.7");
  EXPECT_EQ(found("2001:db9::7, 2001:db8::1", "2001:db8::2"), "2001:db9::7");
}

TEST_F(ForwardedTest, what_a_client_wrote_itself_comes_before_its_own_address) {
  EXPECT_EQ(found("127.0.0.1, 192.0.2.7"), "192.0.2.7");
  EXPECT_EQ(found("10.0.0.9, 192.0.2.7, 10.0.0.2"), "192.0.2.7");
  EXPECT_EQ(found("garbage, , 192.0.2.7"), "192.0.2.7");
}

TEST_F(ForwardedTest, behind_proxies_alone_the_farthest_is_the_client) {
  EXPECT_EQ(found("10.0.0.3, 10.0.0.2"), "10.0.0.3");
  EXPECT_EQ(found(""), "10.0.0.1");
}

TEST_F(ForwardedTest, a_port_may_stand_behind_it) {
  EXPECT_EQ(found("192.0.2.7:4711"), "192.0.2.7");
  EXPECT_EQ(found("[2001:db9::7]:4711"), "2001:db9::7");
  EXPECT_EQ(found("[2001:db9::7]"), "2001:db9::7");
  EXPECT_EQ(found("2001:db9::7"), "2001:db9::7");
}

TEST_F(ForwardedTest, ipv4_is_trusted_in_either_form) {
  EXPECT_EQ(found("192.0.2.7", "::ffff:10.0.0.1"), "192.0.2.7");
  EXPECT_EQ(found("192.0.2.7, ::ffff:10.0.0.2"), "192.0.2.7");
}

TEST_F(ForwardedTest, what_is_no_address_ends_the_search) {
  for (const char* bad :
       {"unknown", "_hidden", "192.0.2", "192.0.2.7.", "[::1", "[::1]x", "::1]", "192.0.2.7, ", ",",
        "192.0.2.7 4711", "for=192.0.2.7", "\"192.0.2.7\"", "::ffff:192.0.2.7:4711:"}) {
    const Client client = client_of(access_, "10.0.0.1", bad);
    EXPECT_EQ(client.address, address("10.0.0.1")) << bad;
    EXPECT_EQ(client.forwarded, Word::malformed) << bad;
  }
  const Client farther = client_of(access_, "10.0.0.1", "unknown, 10.0.0.2");
  EXPECT_EQ(farther.address, address("10.0.0.2")) << "who wrote it is trusted";
}

TEST_F(ForwardedTest, of_a_peer_that_is_not_trusted_nothing_is_believed) {
  const Client client = client_of(access_, "192.0.2.9", "127.0.0.1", "https");
  EXPECT_EQ(client.address, address("192.0.2.9"));
  EXPECT_EQ(client.scheme, Scheme::unsaid);
  EXPECT_EQ(client.forwarded, Word::ignored);
  EXPECT_EQ(client_of(access_, "192.0.2.9", "").forwarded, Word::none);
  EXPECT_EQ(client_of(access_, "10.0.0.1", "192.0.2.7").forwarded, Word::taken);
}

TEST_F(ForwardedTest, a_long_list_of_proxies_is_read_to_its_end) {
  std::string list = "192.0.2.7";
  for (int i = 0; i < 1000; ++i) list += ",10.0.0.2";
  EXPECT_EQ(found(list), "192.0.2.7");
}

TEST_F(ForwardedTest, the_scheme_is_https_if_every_proxy_says_so) {
  const auto scheme = [this](std::string_view proto, bool over_tls = false) {
    return client_of(access_, "10.0.0.1", "192.0.2.7", proto, over_tls).scheme;
  };
  EXPECT_EQ(scheme("https"), Scheme::https);
  EXPECT_EQ(scheme("HTTPS, https"), Scheme::https);
  for (const char* plain : {"http", "https, http", "http, https", "https,", "wss", "httpss", ","}) {
    EXPECT_EQ(scheme(plain), Scheme::http) << plain;
    EXPECT_EQ(scheme(plain, true), Scheme::http) << "the client's way, not the proxy's";
  }
  EXPECT_EQ(scheme(""), Scheme::http) << "a proxy that forwards, and says nothing";
  EXPECT_EQ(scheme("", true), Scheme::https);
}

TEST(PlainHttp, is_served_to_this_machine_and_to_clients_that_came_by_https) {
  const Access access(trusting({"10.0.0.0/8", "127.0.0.1"}));
  const auto serves = [&access](const char* peer, std::string_view forwarded_for,
                                std::string_view proto = {}, bool over_tls = false) {
    return access.serves(client_of(access, peer, forwarded_for, proto, over_tls));
  };
  EXPECT_TRUE(serves("127.0.0.1", ""));
  EXPECT_TRUE(serves("::1", ""));
  EXPECT_TRUE(serves("10.0.0.1", "192.0.2.7", "https"));
  EXPECT_TRUE(serves("10.0.0.1", "", "https"));
  EXPECT_TRUE(serves("192.0.2.9", "", "", true)) << "TLS ends here";
  EXPECT_TRUE(serves("::1", "192.0.2.7", "http")) << "a proxy beside us that isn't listed";

  EXPECT_FALSE(serves("192.0.2.9", ""));
  EXPECT_FALSE(serves("192.0.2.9", "127.0.0.1", "https")) << "anyone can write that";
  EXPECT_FALSE(serves("10.0.0.1", "")) << "a proxy's own request is plain as well";
  EXPECT_FALSE(serves("10.0.0.1", "192.0.2.7", "http"));
  EXPECT_FALSE(serves("10.0.0.1", "192.0.2.7"));
  EXPECT_FALSE(serves("127.0.0.1", "192.0.2.7"));
  EXPECT_FALSE(serves("127.0.0.1", "192.0.2.7", "http"));
  EXPECT_FALSE(serves("127.0.0.1", "garbage")) << "nobody is taken for this machine by a bad list";
  EXPECT_FALSE(serves("127.0.0.1", "", "http"));
}

TEST(PlainHttp, is_served_to_everyone_where_it_is_allowed) {
  AccessOptions options = trusting({"10.0.0.0/8"});
  options.plain_http = true;
  const Access access(options);
  EXPECT_TRUE(access.serves(client_of(access, "192.0.2.9", "")));
  EXPECT_TRUE(access.serves(client_of(access, "10.0.0.1", "192.0.2.7", "http")));
}

TEST(Hsts, is_a_line_with_its_age_or_nothing) {
  AccessOptions options;
  EXPECT_EQ(Access(options).hsts_line(), "");
  options.hsts_max_age = std::chrono::seconds(600);
  EXPECT_EQ(Access(options).hsts_line(), "Strict-Transport-Security: max-age=600\r\n");
}

}  // namespace
}  // namespace outcry::transport
