#include "limits/admission.h"

#include <gtest/gtest.h>

namespace outcry::limits {
namespace {

constexpr Limits kLimits{.user_sockets_max = 2, .address_sockets_max = 3};
// Upper bits: the table's tags are made of them.
constexpr Key kAlice = 0xA11CEull << 40, kBob = 0xB0Bull << 40;
constexpr Key kOffice = 0x0FF1CEull << 40, kHome = 0x403Eull << 40;

std::optional<Limit> limit_of(const std::optional<Refusal>& refusal) {
  return refusal ? std::optional(refusal->limit) : std::nullopt;
}

TEST(AdmissionTest, a_user_has_as_many_sockets_as_configured_and_not_one_more) {
  Admission admission(kLimits);
  EXPECT_FALSE(admission.admit({kAlice, kOffice}));
  EXPECT_FALSE(admission.admit({kAlice, kHome}));
  const auto refused = admission.admit({kAlice, kHome});
  EXPECT_EQ(limit_of(refused), Limit::user_sockets);
  EXPECT_GT(refused->retry_after, std::chrono::milliseconds::zero());
  EXPECT_FALSE(admission.admit({kBob, kOffice})) << "another user's places are his own";

  admission.leave({kAlice, kOffice});
  EXPECT_FALSE(admission.admit({kAlice, kOffice}));
  EXPECT_EQ(admission.counts().refused[0], 1u);
}

TEST(AdmissionTest, so_has_an_address) {
  Admission admission(kLimits);
  for (Key user = 1; user <= 3; ++user) EXPECT_FALSE(admission.admit({user << 40, kOffice}));
  EXPECT_EQ(limit_of(admission.admit({kBob, kOffice})), Limit::address_sockets);
  EXPECT_FALSE(admission.admit({kBob, kHome}));
  admission.leave({1ull << 40, kOffice});
  EXPECT_FALSE(admission.admit({kAlice, kOffice}));
}

TEST(AdmissionTest, who_was_refused_takes_no_place) {
  Admission admission(kLimits);
  for (Key user = 1; user <= 3; ++user) (void)admission.admit({user << 40, kOffice});
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(admission.admit({kBob, kOffice}));
  EXPECT_FALSE(admission.admit({kBob, kHome}));
  EXPECT_FALSE(admission.admit({kBob, kHome})) << "no refusal has counted for the user";
}

TEST(AdmissionTest, an_exempt_address_is_not_counted_its_users_are) {
  Admission admission(kLimits);
  for (Key user = 1; user <= 10; ++user) {
    EXPECT_FALSE(admission.admit({user << 40, kNobody}));
    EXPECT_FALSE(admission.admit({user << 40, kNobody}));
    EXPECT_EQ(limit_of(admission.admit({user << 40, kNobody})), Limit::user_sockets);
  }
  EXPECT_EQ(admission.users(), 10u);
  EXPECT_EQ(admission.addresses(), 0u);
}

TEST(AdmissionTest, a_dry_run_counts_and_refuses_nobody) {
  Limits dry = kLimits;
  dry.dry_run = true;
  Admission admission(dry);
  for (int i = 0; i < 5; ++i) EXPECT_FALSE(admission.admit({kAlice, kOffice}));
  EXPECT_EQ(admission.counts().would_refuse[0], 3u);
  EXPECT_EQ(admission.counts().would_refuse[1], 2u);
  EXPECT_EQ(admission.counts().refused[0], 0u);
  for (int i = 0; i < 5; ++i) admission.leave({kAlice, kOffice});
  EXPECT_EQ(admission.users(), 0u) << "all of them were counted as connected";
}

TEST(AdmissionTest, new_limits_hold_for_who_comes_next) {
  Admission admission(kLimits);
  EXPECT_FALSE(admission.admit({kAlice, kOffice}));
  EXPECT_FALSE(admission.admit({kAlice, kOffice}));
  admission.set_limits({.user_sockets_max = 1, .address_sockets_max = 3});
  EXPECT_TRUE(admission.admit({kAlice, kOffice}));
  admission.leave({kAlice, kOffice});
  EXPECT_TRUE(admission.admit({kAlice, kOffice})) << "one is still connected, from before";
  admission.set_limits(kLimits);
  EXPECT_FALSE(admission.admit({kAlice, kOffice}));
}

}  // namespace
}  // namespace outcry::limits
