#include "gateway/revocation_keys.h"

#include <gtest/gtest.h>

namespace outcry::gateway {
namespace {

const WallTime kNow{seconds(1'700'000'000)};

std::optional<TokenRevocation> of(std::string name, std::optional<milliseconds> lifetime = {},
                                  std::string value = {}) {
  return revocation_of_key({std::move(name), lifetime, std::move(value)}, kNow, seconds(3600));
}

TEST(RevocationKeysTest, a_key_names_a_token_a_session_or_a_user) {
  EXPECT_EQ(of("0c9d", milliseconds(900))->kind, RevocationKind::jti);
  EXPECT_EQ(of("0c9d", milliseconds(900))->until, kNow + milliseconds(900));
  EXPECT_EQ(of("session:s1")->kind, RevocationKind::session);
  EXPECT_EQ(of("user:u1")->kind, RevocationKind::user);
  EXPECT_EQ(of("user:u1")->value, "u1");
}

TEST(RevocationKeysTest, without_an_end_it_holds_until_it_is_long_gone) {
  EXPECT_GE(of("a")->until, kNow + seconds(3600));
  EXPECT_LE(of("a")->until, kNow + seconds(7200));
}

TEST(RevocationKeysTest, a_time_spares_newer_tokens_of_users_and_sessions_alone) {
  EXPECT_EQ(of("user:u", {}, "1700000000")->issued_before, kNow);
  EXPECT_FALSE(of("0c9d", {}, "1700000000")->issued_before);
  for (const char* flag : {"", "1", "true", "1700000000x", "-1700000000", "99999999999999"}) {
    EXPECT_FALSE(of("user:u", {}, flag)->issued_before) << flag;
  }
}

TEST(RevocationKeysTest, what_can_be_no_token_is_left_out) {
  EXPECT_FALSE(of(""));
  EXPECT_FALSE(of("user:"));
  EXPECT_FALSE(of("gone", milliseconds(0)));
  EXPECT_FALSE(of(std::string(257, 'x')));
  EXPECT_TRUE(of(std::string(256, 'x')));
}

}  // namespace
}  // namespace outcry::gateway
