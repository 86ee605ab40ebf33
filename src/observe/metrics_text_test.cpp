#include "observe/metrics_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace outcry::observe {
namespace {

MetricSample counter(std::string name, std::vector<MetricLabel> labels, double value) {
  return {std::move(name), "What it counts.", MetricType::counter, std::move(labels), value, {}};
}

TEST(MetricsText, nothing_is_an_empty_page) {
  EXPECT_EQ(metrics_text({}), "");
}

TEST(MetricsText, samples_of_one_name_share_one_header_wherever_they_stand) {
  const MetricSample samples[] = {
      counter("outcry_frames_sent_total", {{"transport", "websocket"}}, 12),
      counter("outcry_joins_total", {}, 3),
      counter("outcry_frames_sent_total", {{"transport", "polling"}}, 5),
  };
  EXPECT_EQ(metrics_text(samples),
            "# HELP outcry_frames_sent_total What it counts.\n"
            "# TYPE outcry_frames_sent_total counter\n"
            "outcry_frames_sent_total{transport=\"websocket\"} 12\n"
            "outcry_frames_sent_total{transport=\"polling\"} 5\n"
            "# HELP outcry_joins_total What it counts.\n"
            "# TYPE outcry_joins_total counter\n"
            "outcry_joins_total 3\n");
}

TEST(MetricsText, a_label_value_cannot_forge_a_line) {
  const MetricSample samples[] = {counter("outcry_x_total", {{"reason", "a\"b\\c\nd"}}, 1)};
  EXPECT_THAT(metrics_text(samples),
              testing::HasSubstr("outcry_x_total{reason=\"a\\\"b\\\\c\\nd\"} 1\n"));
}

TEST(MetricsText, a_histogram_ends_with_the_bucket_of_infinity) {
  MetricSample sample{.name = "outcry_delivery_seconds",
                      .help = "From publish to write.",
                      .type = MetricType::histogram,
                      .labels = {},
                      .value = 0,
                      .histogram = {{{0.001, 2}, {0.01, 5}}, 7, 0.25}};
  EXPECT_EQ(metrics_text({&sample, 1}),
            "# HELP outcry_delivery_seconds From publish to write.\n"
            "# TYPE outcry_delivery_seconds histogram\n"
            "outcry_delivery_seconds_count 7\n"
            "outcry_delivery_seconds_sum 0.25\n"
            "outcry_delivery_seconds_bucket{le=\"0.001\"} 2\n"
            "outcry_delivery_seconds_bucket{le=\"0.01\"} 5\n"
            "outcry_delivery_seconds_bucket{le=\"+Inf\"} 7\n");
}

TEST(MetricsTextDeathTest, a_name_that_no_scraper_would_accept_is_a_bug) {
  const MetricSample samples[] = {counter("outcry-frames", {}, 1)};
  EXPECT_DEATH((void)metrics_text(samples), "CheckMetricName");
}

TEST(MetricsTextDeathTest, one_name_with_two_types_is_a_bug) {
  MetricSample samples[] = {counter("outcry_x_total", {}, 1), counter("outcry_x_total", {}, 1)};
  samples[1].type = MetricType::gauge;
  EXPECT_DEATH((void)metrics_text(samples), "family_type");
}

}  // namespace
}  // namespace outcry::observe
