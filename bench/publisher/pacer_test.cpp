#include "publisher/pacer.h"

#include <gtest/gtest.h>

namespace outcry::bench {
namespace {

constexpr std::uint64_t kMs = 1'000'000;

TEST(Pacer, a_second_of_short_ticks_makes_the_rate) {
  Pacer pacer(50'000, 7 * kMs, 512);
  std::uint64_t sent = 0;
  for (std::uint64_t us = 0; us <= 1'000'000; us += 100) sent += pacer.take(7 * kMs + us * 1000);
  EXPECT_EQ(sent, 50'000U);
  EXPECT_EQ(pacer.given_up(), 0U);
}

TEST(Pacer, a_burst_is_bounded_and_the_rest_follows) {
  Pacer pacer(10'000, 0, 64);
  EXPECT_EQ(pacer.take(10 * kMs), 64U);
  EXPECT_EQ(pacer.take(10 * kMs), 36U);
  EXPECT_EQ(pacer.take(10 * kMs), 0U);
}

TEST(Pacer, a_long_pause_is_given_up_and_counted) {
  Pacer pacer(1'000, 0, 1'000);
  EXPECT_EQ(pacer.take(1'000 * kMs), 50U);  // 50 ms of debt
  EXPECT_EQ(pacer.given_up(), 950U);
  EXPECT_EQ(pacer.take(1'001 * kMs), 1U);
}

TEST(Pacer, a_slow_rate_is_not_rounded_away) {
  Pacer pacer(2, 0, 512);
  std::uint64_t sent = 0;
  for (std::uint64_t ms = 0; ms <= 3'000; ++ms) sent += pacer.take(ms * kMs);
  EXPECT_EQ(sent, 6U);
}

}  // namespace
}  // namespace outcry::bench
