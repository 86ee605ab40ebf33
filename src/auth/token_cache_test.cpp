#include "auth/token_cache.h"

#include <string>

#include <gtest/gtest.h>

namespace outcry::auth {
namespace {

const WallTime kNow{seconds(1'700'000'000)};

Key key() {
  return {"", Algorithm::hs256, "d9Qm4vT7xKp2sR8yLw3zBn6cJf1gHa5e"};
}

std::string token_of(std::string user, seconds lifetime = seconds(600)) {
  TokenRequest request;
  request.user = std::move(user);
  request.issued_at = kNow;
  request.lifetime = lifetime;
  return mint(key(), request);
}

class TokenCacheTest : public testing::Test {
 protected:
  /// Verifies, and says whether it was from memory.
  bool hits(std::string_view token, WallTime now = kNow) {
    const std::uint64_t before = cache_.stats().hits;
    const auto claims = cache_.verify(token, now);
    EXPECT_TRUE(claims) << claims.error().message();
    return cache_.stats().hits > before;
  }

  static TokenCache::SharedVerifier verifier_of(std::vector<Key> keys) {
    return std::make_shared<const TokenVerifier>(
        std::move(keys), TokenPolicy{.age_max = seconds(3600), .leeway = seconds(30)});
  }

  const TokenCache::SharedVerifier verifier_ = verifier_of({key()});
  TokenCache cache_{verifier_, 1024};
};

TEST_F(TokenCacheTest, a_token_that_comes_again_is_not_verified_again) {
  const std::string token = token_of("alice");
  EXPECT_FALSE(hits(token));
  EXPECT_TRUE(hits(token));
  EXPECT_FALSE(hits(token_of("bob")));
  EXPECT_EQ(cache_.stats().misses, 2u);
  EXPECT_EQ(cache_.stats().entries, 2u);
}

TEST_F(TokenCacheTest, the_claims_are_the_tokens_own) {
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < 100; ++i) {
      const std::string user = "user-" + std::to_string(i);
      const auto claims = cache_.verify(token_of(user), kNow);
      ASSERT_TRUE(claims);
      EXPECT_EQ((*claims)->user, user);
    }
  }
  EXPECT_EQ(cache_.stats().hits, 100u);
}

TEST_F(TokenCacheTest, claims_outlive_their_entry) {
  const auto claims = cache_.verify(token_of("alice"), kNow);
  cache_.clear();
  EXPECT_EQ((*claims)->user, "alice");
}

TEST_F(TokenCacheTest, any_changed_character_is_another_token) {
  const std::string token = token_of("alice");
  EXPECT_FALSE(hits(token));
  for (std::size_t i = 0; i < token.size(); ++i) {
    std::string changed = token;
    changed[i] = changed[i] == 'x' ? 'y' : 'x';
    EXPECT_FALSE(cache_.verify(changed, kNow)) << i;
  }
  EXPECT_FALSE(cache_.verify(token + "=", kNow));
  EXPECT_FALSE(cache_.verify(token.substr(0, token.size() - 1), kNow));
  EXPECT_EQ(cache_.stats().hits, 0u);
  EXPECT_TRUE(hits(token));
}

TEST_F(TokenCacheTest, tokens_stay_where_keys_are_added_and_go_where_one_is_withdrawn) {
  const Key added{"added", Algorithm::hs256, "bN5xQz8Vt3Kw7Rm2Yc6Lf9Hj4Pg1Ds0A"};
  const std::string old_one = token_of("alice");
  EXPECT_FALSE(hits(old_one));
  cache_.use(verifier_of({key(), added}), false);
  EXPECT_TRUE(hits(old_one));
  TokenRequest request{.user = "bob", .issued_at = kNow};
  const std::string new_one = mint(added, request);
  EXPECT_FALSE(hits(new_one));
  cache_.use(verifier_of({added}), true);
  EXPECT_EQ(cache_.stats().entries, 0u);
  EXPECT_EQ(cache_.verify(old_one, kNow).error(), AuthError::bad_signature);
  EXPECT_FALSE(hits(new_one));
}

TEST_F(TokenCacheTest, refusals_are_not_remembered) {
  TokenRequest request;
  request.user = "alice";
  request.issued_at = kNow + seconds(60);
  const std::string early = mint(key(), request);
  EXPECT_EQ(cache_.verify(early, kNow).error(), AuthError::not_yet_valid);
  EXPECT_EQ(cache_.stats().entries, 0u);
  EXPECT_FALSE(hits(early, kNow + seconds(60))) << "it has become good";
  EXPECT_TRUE(hits(early, kNow + seconds(61)));
}

TEST_F(TokenCacheTest, nobody_is_remembered_longer_than_his_token_lives) {
  const std::string token = token_of("alice");
  EXPECT_FALSE(hits(token));
  EXPECT_TRUE(hits(token, kNow + seconds(630) - milliseconds(1)));
  EXPECT_EQ(cache_.verify(token, kNow + seconds(630)).error(), AuthError::expired);
  EXPECT_EQ(cache_.stats().entries, 0u);
}

TEST_F(TokenCacheTest, nor_longer_than_its_greatest_age) {
  const std::string token = token_of("alice", seconds(86'400));
  EXPECT_FALSE(hits(token));
  EXPECT_TRUE(hits(token, kNow + seconds(3630)));
  EXPECT_EQ(cache_.verify(token, kNow + seconds(3630) + milliseconds(1)).error(),
            AuthError::too_old);
}

TEST_F(TokenCacheTest, a_clock_set_back_before_a_token_s_time_is_believed) {
  const std::string token = token_of("alice");
  EXPECT_FALSE(hits(token));
  EXPECT_EQ(cache_.verify(token, kNow - seconds(31)).error(), AuthError::not_yet_valid);
  EXPECT_EQ(cache_.stats().entries, 0u);
  EXPECT_FALSE(hits(token, kNow - seconds(30)));
  EXPECT_TRUE(hits(token, kNow)) << "what held then holds later, up to its end";
}

TEST_F(TokenCacheTest, a_revoked_user_is_forgotten_and_the_others_are_not) {
  const std::string alice = token_of("alice"), bob = token_of("bob");
  EXPECT_FALSE(hits(alice));
  EXPECT_FALSE(hits(bob));
  EXPECT_EQ(cache_.forget([](const Claims& claims) { return claims.user == "alice"; }), 1u);
  EXPECT_EQ(cache_.stats().entries, 1u);
  EXPECT_FALSE(hits(alice));
  EXPECT_TRUE(hits(bob));
  cache_.clear();
  EXPECT_EQ(cache_.stats().entries, 0u);
  EXPECT_FALSE(hits(bob));
}

TEST_F(TokenCacheTest, it_is_bounded_and_the_least_recently_used_makes_room) {
  TokenCache small(verifier_, 8);  // one set
  const auto use = [&small](int user) {
    ASSERT_TRUE(small.verify(token_of(std::to_string(user)), kNow));
  };
  for (int user = 0; user < 8; ++user) use(user);
  use(0);  // now 1 is the oldest
  use(8);
  EXPECT_EQ(small.stats().entries, 8u);
  EXPECT_EQ(small.stats().evicted, 1u);
  const std::uint64_t hits = small.stats().hits;
  use(0);
  EXPECT_EQ(small.stats().hits, hits + 1);
  use(1);
  EXPECT_EQ(small.stats().hits, hits + 1);
}

TEST_F(TokenCacheTest, it_never_holds_more_than_it_may) {
  for (const std::size_t limit : {1u, 2u, 7u, 8u, 9u, 100u}) {
    TokenCache cache(verifier_, limit);
    for (int i = 0; i < 300; ++i) ASSERT_TRUE(cache.verify(token_of(std::to_string(i)), kNow));
    EXPECT_LE(cache.stats().entries, limit);
    EXPECT_EQ(cache.stats().entries + cache.stats().evicted, 300u);
  }
}

TEST_F(TokenCacheTest, off_it_verifies_every_time) {
  TokenCache off(verifier_, 0);
  const std::string token = token_of("alice");
  EXPECT_TRUE(off.verify(token, kNow));
  EXPECT_TRUE(off.verify(token, kNow));
  EXPECT_FALSE(off.verify("no.to.ken", kNow));
  EXPECT_EQ(off.stats().hits + off.stats().misses + off.stats().entries, 0u);
  EXPECT_EQ(off.forget([](const Claims&) { return true; }), 0u);
}

TEST_F(TokenCacheTest, what_is_empty_or_too_long_is_refused_unread) {
  EXPECT_EQ(cache_.verify("", kNow).error(), AuthError::missing);
  EXPECT_EQ(cache_.verify(std::string(8193, 'a'), kNow).error(), AuthError::too_long);
  EXPECT_EQ(cache_.stats().misses, 0u);
}

}  // namespace
}  // namespace outcry::auth
