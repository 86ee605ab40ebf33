#include "limits/offenders.h"

#include <gtest/gtest.h>

namespace outcry::limits {
namespace {

using Outcome = Offenders::Outcome;

constexpr OffenceRules kRules{.delay_at = 3,
                              .ban_at = 6,
                              .forgotten_after = seconds(10),
                              .delay = seconds(1),
                              .ban = seconds(100),
                              .bans_max = 3};
const TimePoint kStart{seconds(1'000)};

class OffendersTest : public testing::Test {
 protected:
  Outcome refuse(Key key, TimePoint at = kStart, bool dry_run = false) {
    return offenders_.refused(key, "u" + std::to_string(key), at, dry_run);
  }
  void ban(Key key, TimePoint at = kStart) {
    while (refuse(key, at) != Outcome::banned) {
    }
  }
  Offenders offenders_{kRules};
};

TEST_F(OffendersTest, answers_are_late_from_the_first_threshold_on_and_the_second_bans) {
  for (int i = 0; i < 3; ++i) EXPECT_EQ(refuse(7), Outcome::noted);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(refuse(7), Outcome::delayed);
  EXPECT_FALSE(offenders_.banned(7, kStart));
  EXPECT_EQ(refuse(7), Outcome::banned);
  EXPECT_EQ(offenders_.banned(7, kStart), seconds(100));
  EXPECT_EQ(offenders_.banned(7, kStart + seconds(99)), seconds(1));
  EXPECT_FALSE(offenders_.banned(7, kStart + seconds(100)));
  EXPECT_EQ(refuse(8), Outcome::noted) << "another's score is his own";
}

TEST_F(OffendersTest, a_score_fades_one_by_one) {
  for (int i = 0; i < 4; ++i) (void)refuse(7);
  EXPECT_EQ(refuse(7, kStart + seconds(20)), Outcome::noted) << "4 - 2";
  EXPECT_EQ(refuse(7, kStart + seconds(20)), Outcome::delayed);
  for (int i = 0; i < 1'000; ++i) {
    EXPECT_EQ(refuse(9, kStart + seconds(10 * i)), Outcome::noted)
        << "one in ten seconds, for ever";
  }
}

TEST_F(OffendersTest, a_ban_begins_with_a_clean_score_afterwards) {
  ban(7);
  EXPECT_EQ(refuse(7, kStart + seconds(100)), Outcome::noted);
}

TEST_F(OffendersTest, a_lifted_ban_is_over_and_its_score_forgotten) {
  ban(7);
  EXPECT_TRUE(offenders_.lift(7));
  EXPECT_FALSE(offenders_.lift(7));
  EXPECT_FALSE(offenders_.banned(7, kStart));
  EXPECT_EQ(refuse(7), Outcome::noted);
}

TEST_F(OffendersTest, a_dry_run_bans_nobody) {
  Outcome last{};
  for (int i = 0; i < 7; ++i) last = refuse(7, kStart, true);
  EXPECT_EQ(last, Outcome::banned);
  EXPECT_FALSE(offenders_.banned(7, kStart));
  EXPECT_EQ(offenders_.size(), 0u);
}

TEST_F(OffendersTest, in_a_full_table_the_ban_that_ends_first_makes_room) {
  for (Key key = 1; key <= 4; ++key) ban(key, kStart + seconds(key));
  EXPECT_EQ(offenders_.size(), 3u);
  EXPECT_FALSE(offenders_.banned(1, kStart + seconds(5)));
  EXPECT_TRUE(offenders_.banned(2, kStart + seconds(5)));
  EXPECT_TRUE(offenders_.banned(4, kStart + seconds(5)));
}

TEST_F(OffendersTest, other_rules_hold_for_what_comes_and_end_no_ban) {
  for (Key key = 1; key <= 3; ++key) ban(key, kStart + seconds(key));
  for (int i = 0; i < 3; ++i) (void)refuse(7, kStart + seconds(4));
  OffenceRules rules = kRules;
  rules.delay_at = rules.ban_at = 3;
  rules.bans_max = 2;
  offenders_.use(rules);
  EXPECT_EQ(refuse(7, kStart + seconds(4)), Outcome::banned) << "his score counts";
  EXPECT_EQ(offenders_.size(), 2u) << "as many as there may be now";
  EXPECT_TRUE(offenders_.banned(3, kStart + seconds(5)));
}

TEST_F(OffendersTest, scores_that_fade_otherwise_begin_anew) {
  for (int i = 0; i < 3; ++i) (void)refuse(7);
  OffenceRules rules = kRules;
  rules.forgotten_after = milliseconds(100);
  offenders_.use(rules);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(refuse(7), Outcome::noted);
  EXPECT_EQ(refuse(7), Outcome::delayed);
}

TEST_F(OffendersTest, bans_are_listed_by_name_until_they_end) {
  ban(7);
  ban(8, kStart + seconds(50));
  EXPECT_EQ(offenders_.bans(kStart + seconds(60)).size(), 2u);
  const auto left = offenders_.bans(kStart + seconds(120));
  ASSERT_EQ(left.size(), 1u);
  EXPECT_EQ(left[0].name, "u8");
  EXPECT_EQ(left[0].key, 8u);
  offenders_.expire(kStart + seconds(120));
  EXPECT_EQ(offenders_.size(), 1u);
}

}  // namespace
}  // namespace outcry::limits
