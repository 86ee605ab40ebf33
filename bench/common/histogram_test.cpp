#include "common/histogram.h"

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace outcry::bench {
namespace {

TEST(Histogram, empty_has_no_quantiles) {
  const Histogram histogram;
  EXPECT_EQ(histogram.count(), 0U);
  EXPECT_EQ(histogram.quantile(0.99), 0U);
  EXPECT_EQ(histogram.max(), 0U);
}

TEST(Histogram, one_value_is_every_quantile) {
  Histogram histogram;
  histogram.record(123'456'789);
  EXPECT_EQ(histogram.quantile(0.0), 123'456'789U);
  EXPECT_EQ(histogram.quantile(0.5), 123'456'789U);
  EXPECT_EQ(histogram.quantile(1.0), 123'456'789U);
}

TEST(Histogram, small_values_are_exact) {
  Histogram histogram;
  for (std::uint64_t value = 0; value < 128; ++value) histogram.record(value);
  EXPECT_EQ(histogram.quantile(0.5), 63U);
  EXPECT_EQ(histogram.quantile(0.25), 31U);
  EXPECT_EQ(histogram.quantile(1.0), 127U);
}

TEST(Histogram, a_single_outlier_is_the_maximum_and_not_the_p99) {
  Histogram histogram;
  for (int i = 0; i < 999; ++i) histogram.record(10);
  histogram.record(5'000'000);
  EXPECT_EQ(histogram.quantile(0.99), 10U);
  EXPECT_EQ(histogram.quantile(0.999), 10U);
  EXPECT_EQ(histogram.quantile(1.0), 5'000'000U);
}

TEST(Histogram, quantiles_lie_within_a_64th_above_those_of_sorted_samples) {
  std::mt19937_64 random(7);
  std::lognormal_distribution<double> latencies(13.0, 2.0);
  Histogram histogram;
  std::vector<std::uint64_t> samples;
  for (int i = 0; i < 50'000; ++i) {
    samples.push_back(static_cast<std::uint64_t>(latencies(random)));
    histogram.record(samples.back());
  }
  std::ranges::sort(samples);
  for (const double fraction : {0.01, 0.5, 0.9, 0.99, 0.999, 0.9999}) {
    const auto rank = static_cast<std::size_t>(std::ceil(fraction * 50'000.0)) - 1;
    const std::uint64_t exact = samples[rank];
    EXPECT_GE(histogram.quantile(fraction), exact) << fraction;
    EXPECT_LE(histogram.quantile(fraction), exact + exact / 64 + 1) << fraction;
  }
}

TEST(Histogram, values_beyond_the_range_keep_the_exact_maximum) {
  Histogram histogram;
  histogram.record(~std::uint64_t{0});
  histogram.record(1);
  EXPECT_EQ(histogram.max(), ~std::uint64_t{0});
  EXPECT_EQ(histogram.quantile(1.0), ~std::uint64_t{0});
  EXPECT_EQ(histogram.quantile(0.5), 1U);
}

TEST(Histogram, merging_equals_recording_all_in_one) {
  Histogram one, other, all;
  for (std::uint64_t value = 1; value < 1'000'000; value *= 3) {
    one.record(value);
    other.record(value * 2);
    all.record(value);
    all.record(value * 2);
  }
  one.merge(other);
  EXPECT_EQ(one.count(), all.count());
  EXPECT_EQ(one.max(), all.max());
  for (const double fraction : {0.1, 0.5, 0.9, 1.0})
    EXPECT_EQ(one.quantile(fraction), all.quantile(fraction));
  one.clear();
  EXPECT_EQ(one.count(), 0U);
  EXPECT_EQ(one.quantile(0.5), 0U);
}

}  // namespace
}  // namespace outcry::bench
