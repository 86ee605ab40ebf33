#include "gateway/token_term.h"

#include <gtest/gtest.h>

namespace outcry::gateway {
namespace {

const WallTime kWall{seconds(1'700'000'000)};
const TimePoint kNow{seconds(1'000)};

TokenTerm term_of(seconds lifetime, config::AuthConfig config = {}) {
  auth::Claims claims;
  claims.expires = kWall + lifetime;
  return token_term(claims, config, kWall, kNow);
}

TEST(TokenTermTest, it_ends_with_the_token_and_warns_a_while_before) {
  const TokenTerm term = term_of(seconds(900));
  EXPECT_EQ(term.ends.seen_at(kNow), kNow + seconds(930));
  EXPECT_EQ(term.warn_at.seen_at(kNow), kNow + seconds(840));
  EXPECT_EQ(seconds_left(term, {}, kNow), 900);
  EXPECT_EQ(seconds_left(term, {}, kNow + milliseconds(840'001)), 59);
  EXPECT_EQ(seconds_left(term, {}, kNow + seconds(910)), 0) << "within the leeway";
}

TEST(TokenTermTest, a_short_one_warns_at_half_of_what_is_left) {
  EXPECT_EQ(term_of(seconds(120)).warn_at.seen_at(kNow), kNow + seconds(60));
  EXPECT_EQ(term_of(seconds(10)).warn_at.seen_at(kNow), kNow + seconds(5));
}

TEST(TokenTermTest, no_warning_where_it_is_off_or_too_late) {
  config::AuthConfig config;
  config.expiry_warning = seconds(0);
  EXPECT_EQ(term_of(seconds(900), config).warn_at.seen_at(kNow), TimePoint::max());
  EXPECT_EQ(term_of(seconds(-5)).warn_at.seen_at(kNow), TimePoint::max());
  EXPECT_EQ(term_of(seconds(-5)).ends.seen_at(kNow), kNow + seconds(25));
}

}  // namespace
}  // namespace outcry::gateway
