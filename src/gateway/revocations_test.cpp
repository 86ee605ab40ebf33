#include "gateway/revocations.h"

#include <string>

#include <gtest/gtest.h>

namespace outcry::gateway {
namespace {

using Added = Revocations::Added;

const WallTime kNow{seconds(1'700'000'000)};

class RevocationsTest : public testing::Test {
 protected:
  limits::Key key(RevocationKind kind, std::string_view value) const {
    return revocation_key(hash_, kind, value);
  }
  Added add(RevocationKind kind, std::string_view value, WallTime until = kNow + seconds(60),
            WallTime issued_before = WallTime::max()) {
    return table_.add({key(kind, value), until, issued_before}, kNow);
  }
  bool revoked(const auth::Claims& claims, WallTime now = kNow) const {
    return table_.match(token_marks(hash_, claims), key(RevocationKind::user, claims.user), now)
        .has_value();
  }
  static auth::Claims claims() {
    auth::Claims claims;
    claims.user = "u";
    claims.jti = "j";
    claims.session_id = "s";
    claims.issued_at = kNow - seconds(10);
    return claims;
  }

  const limits::KeyHash hash_ = limits::KeyHash::random();
  Revocations table_{3};
};

TEST_F(RevocationsTest, a_token_is_found_by_each_of_its_names_and_no_other) {
  for (const auto& [kind, value] :
       {std::pair{RevocationKind::jti, "j"}, std::pair{RevocationKind::session, "s"},
        std::pair{RevocationKind::user, "u"}}) {
    Revocations one(1);
    one.add({key(kind, value), kNow + seconds(1)}, kNow);
    EXPECT_TRUE(one.match(token_marks(hash_, claims()), key(RevocationKind::user, "u"), kNow));
  }
  add(RevocationKind::jti, "u");
  add(RevocationKind::session, "j");
  add(RevocationKind::user, "s");
  EXPECT_FALSE(revoked(claims()));
}

TEST_F(RevocationsTest, an_absent_claim_is_not_revoked_by_an_empty_name) {
  add(RevocationKind::jti, "");
  auth::Claims bare = claims();
  bare.jti.clear();
  EXPECT_FALSE(revoked(bare));
}

TEST_F(RevocationsTest, it_holds_until_its_end) {
  add(RevocationKind::jti, "j", kNow + seconds(60));
  EXPECT_TRUE(revoked(claims(), kNow + seconds(60) - std::chrono::milliseconds(1)));
  EXPECT_FALSE(revoked(claims(), kNow + seconds(60)));
}

TEST_F(RevocationsTest, issued_before_spares_newer_tokens) {
  add(RevocationKind::user, "u", kNow + seconds(60), kNow);
  EXPECT_TRUE(revoked(claims()));
  auth::Claims fresh = claims();
  fresh.issued_at = kNow;
  EXPECT_FALSE(revoked(fresh));
  fresh.issued_at.reset();
  EXPECT_TRUE(revoked(fresh)) << "one that doesn't say counts as old";
}

TEST_F(RevocationsTest, the_longer_one_and_the_later_one_count) {
  EXPECT_EQ(add(RevocationKind::user, "u", kNow + seconds(60), kNow), Added::added);
  EXPECT_EQ(add(RevocationKind::user, "u", kNow + seconds(30), kNow), Added::known);
  EXPECT_EQ(add(RevocationKind::user, "u", kNow + seconds(30)), Added::added);
  EXPECT_TRUE(revoked(claims(), kNow + seconds(59)));
  EXPECT_EQ(add(RevocationKind::user, "u", kNow + seconds(65)), Added::known) << "about the same";
  EXPECT_EQ(add(RevocationKind::user, "u", kNow + seconds(90)), Added::added);
  EXPECT_EQ(table_.size(), 1u);
}

TEST_F(RevocationsTest, a_full_table_refuses_and_ended_ones_make_room) {
  EXPECT_EQ(add(RevocationKind::jti, "1", kNow + seconds(5)), Added::added);
  EXPECT_EQ(add(RevocationKind::jti, "2"), Added::added);
  EXPECT_EQ(add(RevocationKind::jti, "3"), Added::added);
  EXPECT_EQ(add(RevocationKind::jti, "j"), Added::full);
  EXPECT_FALSE(revoked(claims()));
  EXPECT_EQ(table_.add({key(RevocationKind::jti, "j"), kNow + seconds(99)}, kNow + seconds(5)),
            Added::added);
  EXPECT_EQ(table_.size(), 3u);
}

}  // namespace
}  // namespace outcry::gateway
