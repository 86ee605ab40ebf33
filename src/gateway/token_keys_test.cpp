#include "gateway/token_keys.h"

#include <optional>

#include <boost/asio/io_context.hpp>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "auth/signing_key_for_test.h"
#include "net/tls_for_test.h"
#include "webclient/web_server_for_test.h"

namespace outcry::gateway {
namespace {

using auth::Algorithm;
using auth::AuthError;
using auth::test::SigningKey;
using testing::HasSubstr;
using webclient::WebServerForTest;

constexpr std::string_view kSecret = "d9Qm4vT7xKp2sR8yLw3zBn6cJf1gHa5e";

class TokenKeysTest : public testing::Test {
 protected:
  TokenKeysTest() {
    config_.auth.secret = kSecret;
    config_.auth.jwks_refetch_min = seconds(0);
  }
  void create() {
    keys_.emplace(io_.get_executor(), config_, [this](auto verifier, bool withdrawn) {
      verifier_ = std::move(verifier);
      withdrawn_ = withdrawn;
      ++changes_;
    });
    verifier_ = keys_->verifier();
  }
  void start() {
    config_.auth.jwks_url = fmt::format("http://127.0.0.1:{}/keys", server_.port());
    create();
    keys_->start();
    until([this] { return keys_->stats().fetches + keys_->stats().failures > 0; });
  }
  /// A further fetch, as an unknown key causes one.
  void refetch() {
    bool done = false;
    keys_->refetch([&done] { done = true; });
    until([&done] { return done; });
  }
  template <class F>
  void until(F&& condition) {
    io_.restart();
    const TimePoint end = steady_now() + seconds(10);
    while (!condition() && steady_now() < end) io_.run_one_for(milliseconds(100));
    EXPECT_TRUE(condition());
  }
  static std::string set_of(std::initializer_list<std::pair<const char*, const SigningKey*>> keys) {
    std::string out;
    for (const auto& [id, key] : keys) {
      out += fmt::format(R"({}{{{},"kid":"{}"}})", out.empty() ? "" : ",", key->jwk_members(), id);
    }
    return R"({"keys":[)" + out + "]}";
  }
  std::error_code error_of(const SigningKey& key, const char* id) {
    const auto now = std::chrono::floor<seconds>(wall_now()).time_since_epoch().count();
    const auto claims = verifier_->verify(
        key.token(Algorithm::es256, id,
                  fmt::format(R"({{"sub":"u","iat":{},"exp":{}}})", now, now + 60)),
        wall_now());
    return claims ? std::error_code() : claims.error();
  }
  ReadinessCheck check() {
    Readiness readiness;
    keys_->append_checks(readiness);
    return readiness.checks.at(0);
  }

  const SigningKey first_ = SigningKey::ec("P-256");
  const SigningKey second_ = SigningKey::ec("P-256");
  boost::asio::io_context io_;
  config::Config config_;
  std::string answer_ = webclient::ok(set_of({{"1", &first_}}));
  WebServerForTest server_{io_, [this](const std::string&, int) {
                             return WebServerForTest::Reply{.bytes = answer_, .close = true};
                           }};
  std::optional<TokenKeys> keys_;
  std::shared_ptr<const auth::TokenVerifier> verifier_;
  bool withdrawn_ = false;
  int changes_ = 0;
};

TEST_F(TokenKeysTest, keys_come_from_the_url_beside_those_of_files) {
  start();
  EXPECT_EQ(changes_, 1);
  EXPECT_FALSE(withdrawn_);
  EXPECT_EQ(error_of(first_, "1"), std::error_code());
  EXPECT_EQ(error_of(second_, "2"), AuthError::unknown_key);
  EXPECT_EQ(keys_->stats().keys, 2u);
  EXPECT_TRUE(check().ok);
  EXPECT_THAT(check().text, HasSubstr("1 keys"));
}

TEST_F(TokenKeysTest, a_rotation_adds_a_key_and_later_withdraws_one) {
  start();
  answer_ = webclient::ok(set_of({{"1", &first_}, {"2", &second_}}));
  refetch();
  EXPECT_FALSE(withdrawn_);
  EXPECT_EQ(error_of(first_, "1"), std::error_code());
  EXPECT_EQ(error_of(second_, "2"), std::error_code());
  answer_ = webclient::ok(set_of({{"2", &second_}}));
  refetch();
  EXPECT_TRUE(withdrawn_);
  EXPECT_EQ(error_of(first_, "1"), AuthError::unknown_key);
  refetch();
  EXPECT_EQ(changes_, 3) << "the same set once more changes nothing";
}

TEST_F(TokenKeysTest, the_last_good_set_serves_while_the_url_gives_none) {
  start();
  for (const std::string& bad :
       {std::string("HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n"),
        std::string("HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n"),
        webclient::ok("<html>"), webclient::ok(R"({"keys":[]})"),
        webclient::ok(R"({"keys":[{"kty":"oct","alg":"HS256","k":"AAAA"}]})")}) {
    answer_ = bad;
    refetch();
    EXPECT_EQ(error_of(first_, "1"), std::error_code()) << bad;
    EXPECT_TRUE(check().ok) << bad;
    EXPECT_THAT(check().text, HasSubstr("the last fetch failed")) << bad;
  }
  EXPECT_EQ(changes_, 1);
  EXPECT_EQ(keys_->stats().failures, 5u);
}

TEST_F(TokenKeysTest, without_any_set_the_node_is_not_ready) {
  answer_ = "HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n";
  start();
  EXPECT_FALSE(check().ok);
  EXPECT_THAT(check().text, HasSubstr("answered 503"));
}

TEST_F(TokenKeysTest, a_set_over_the_limit_is_refused) {
  config_.auth.jwks_bytes_max = 50;
  start();
  EXPECT_FALSE(check().ok);
}

TEST_F(TokenKeysTest, unknown_keys_are_fetched_once_and_not_again_too_soon) {
  config_.auth.jwks_refetch_min = seconds(3600);
  start();
  int done = 0;
  for (int i = 0; i < 100; ++i) keys_->refetch([&done] { ++done; });
  EXPECT_EQ(done, 100) << "at once: the last fetch was a moment ago";
  EXPECT_EQ(server_.requests(), 1);
  EXPECT_EQ(keys_->stats().refetches_early, 100u);
}

TEST_F(TokenKeysTest, who_asks_during_a_fetch_waits_for_it) {
  start();
  int done = 0;
  for (int i = 0; i < 100; ++i) keys_->refetch([&done] { ++done; });
  EXPECT_EQ(done, 0);
  until([&done] { return done == 100; });
  EXPECT_EQ(server_.requests(), 2);
  EXPECT_EQ(keys_->stats().refetches, 1u);
}

TEST_F(TokenKeysTest, nobody_is_told_after_its_end) {
  start();
  keys_->refetch([] { FAIL(); });
  keys_.reset();
  io_.restart();
  io_.run_for(milliseconds(50));
}

TEST_F(TokenKeysTest, a_reload_reads_the_files_again) {
  const net::test::TestDirectory directory;
  directory.write("a.pem", first_.public_pem());
  config_.auth.public_keys = {{"a", "ES256 " + directory.path("a.pem")}};
  create();
  EXPECT_EQ(error_of(first_, "a"), std::error_code());
  config::Strings changed;
  EXPECT_FALSE(keys_->prepare(config_.auth, changed)) << "nothing is new";
  directory.write("a.pem", second_.public_pem());
  auto commit = keys_->prepare(config_.auth, changed);
  EXPECT_EQ(changes_, 0) << "not before it is put into force";
  ASSERT_TRUE(commit);
  commit();
  EXPECT_TRUE(withdrawn_);
  EXPECT_EQ(changed, config::Strings{"auth.public_keys"});
  EXPECT_EQ(error_of(second_, "a"), std::error_code());
  EXPECT_EQ(error_of(first_, "a"), AuthError::bad_signature);
  directory.write("a.pem", "nonsense");
  EXPECT_THROW((void)keys_->prepare(config_.auth, changed), config::ConfigError);
}

}  // namespace
}  // namespace outcry::gateway
