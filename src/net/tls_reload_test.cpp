// Which certificate a client gets: by the name that it asks for, and after another was put in.
#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include "net/tls_pair_for_test.h"

namespace outcry::net {
namespace {

using test::make_identity;
using test::Pair;
using test::TlsClient;

class TlsReloadTest : public testing::TestWithParam<int> {
 protected:
  /// The name on the certificate that a client gets.
  std::string name_for(const char* host) {
    Pair pair(context_, {.version = GetParam(), .host = host});
    EXPECT_EQ(pair.exchange(), std::error_code());
    return pair.client.server_name();
  }

  TlsStats stats_;
  TlsContext context_{make_identity({{"a.example"}, {"b.example", "*.c.example"}}), stats_};
};

INSTANTIATE_TEST_SUITE_P(Versions, TlsReloadTest, testing::Values(TLS1_2_VERSION, TLS1_3_VERSION),
                         [](const auto& version) {
                           return version.param == TLS1_2_VERSION ? "tls_1_2" : "tls_1_3";
                         });

TEST_P(TlsReloadTest, a_client_gets_the_certificate_of_the_host_that_it_asks_for) {
  EXPECT_EQ(name_for(nullptr), "a.example");
  EXPECT_EQ(name_for("a.example"), "a.example");
  EXPECT_EQ(name_for("b.example"), "b.example");
  EXPECT_EQ(name_for("x.c.example"), "b.example");
  EXPECT_EQ(name_for("unknown.example"), "a.example");
}

TEST_P(TlsReloadTest, a_session_of_any_name_is_resumed) {
  for (const char* host : {"a.example", "b.example"}) {
    Pair first(context_, {.version = GetParam(), .host = host});
    ASSERT_EQ(first.exchange(), std::error_code());
    Pair second(context_, {.version = GetParam(), .session = first.client.session(), .host = host});
    ASSERT_EQ(second.exchange(), std::error_code());
    EXPECT_TRUE(second.client.resumed()) << host;
  }
}

TEST_P(TlsReloadTest, new_handshakes_get_the_new_certificate_and_connections_stay) {
  Pair running(context_, {.version = GetParam(), .host = "b.example"});
  ASSERT_EQ(running.exchange(), std::error_code());
  ASSERT_TRUE(context_.use(make_identity({{"new.example"}})));
  EXPECT_EQ(name_for("b.example"), "new.example");
  running.client.send("still here");
  ASSERT_EQ(running.exchange(), std::error_code());
  EXPECT_EQ(running.received, "still here");
  ASSERT_TRUE(running.write("and heard").has_value());
  running.client.feed(running.fetch());
  EXPECT_EQ(running.client.received, "and heard");
}

TEST_P(TlsReloadTest, a_handshake_under_way_ends_well) {
  Pair pair(context_, {.version = GetParam(), .host = "b.example"});
  const std::string hello = pair.client.output();
  pair.deliver(hello.substr(0, 20));
  EXPECT_EQ(pair.read(), std::errc::resource_unavailable_try_again);
  ASSERT_TRUE(context_.use(make_identity({{"new.example"}, {"b.example"}})));
  pair.deliver(hello.substr(20));
  EXPECT_EQ(pair.read(), std::errc::resource_unavailable_try_again);
  pair.client.feed(pair.fetch());
  ASSERT_EQ(pair.exchange(), std::error_code());
  EXPECT_TRUE(pair.client.established());
}

TEST_P(TlsReloadTest, sessions_begun_before_are_resumed_after_it) {
  Pair before(context_, {.version = GetParam()});
  ASSERT_EQ(before.exchange(), std::error_code());
  ASSERT_TRUE(context_.use(make_identity({{"new.example"}})));
  Pair after(context_, {.version = GetParam(), .session = before.client.session()});
  ASSERT_EQ(after.exchange(), std::error_code());
  EXPECT_TRUE(after.client.resumed());
  EXPECT_EQ(stats_.resumed, 1u);
}

TEST_P(TlsReloadTest, any_worker_resumes_it_whenever_each_takes_the_new_one) {
  const auto old = make_identity({{"a.example"}});
  TlsContext one(old, stats_), other(old, stats_);
  Pair first_visit(one, {.version = GetParam()}), second_visit(one, {.version = GetParam()});
  ASSERT_EQ(first_visit.exchange(), std::error_code());
  ASSERT_EQ(second_visit.exchange(), std::error_code());
  const auto resumes = [](TlsContext& worker, const Pair& visit) {
    Pair pair(worker, {.version = GetParam(), .session = visit.client.session()});
    EXPECT_EQ(pair.exchange(), std::error_code());
    return pair.client.resumed();
  };
  const auto next = make_identity({{"new.example"}});
  ASSERT_TRUE(other.use(next));
  EXPECT_TRUE(resumes(other, first_visit));
  ASSERT_TRUE(one.use(next));
  EXPECT_TRUE(resumes(one, second_visit));
}

TEST_P(TlsReloadTest, a_version_that_is_no_longer_spoken_is_not_resumed) {
  Pair before(context_, {.version = GetParam()});
  ASSERT_EQ(before.exchange(), std::error_code());
  ASSERT_TRUE(context_.use(make_identity(TlsVersion::tls_1_3)));
  Pair after(context_, {.version = GetParam(), .session = before.client.session()});
  const bool refused = GetParam() == TLS1_2_VERSION;
  EXPECT_EQ(after.exchange() == TlsError::handshake, refused);
  EXPECT_EQ(after.client.resumed(), !refused);
}

}  // namespace
}  // namespace outcry::net
