#include "gateway/metrics.h"

#include <algorithm>
#include <array>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gateway/gateway.h"
#include "gateway/reference_page_for_test.h"

namespace outcry::gateway {
namespace {

double value_of(const std::vector<observe::MetricSample>& samples, std::string_view name,
                std::string_view label = {}) {
  double sum = -1;
  for (const auto& sample : samples) {
    const bool meant = label.empty() || (!sample.labels.empty() && sample.labels[0].value == label);
    if (sample.name == name && meant) sum = std::max(sum, 0.0) + sample.value;
  }
  return sum;
}

/// Everything that can be present.
class MetricsTest : public testing::Test {
 protected:
  MetricsTest() {
    workers_[0].clients.joins = 2;
    workers_[1].clients.joins = 3;
    workers_[1].sockets = 7;
    control_.resyncs[static_cast<std::size_t>(Resync::too_old)] = 6;
    workers_[0].clients.tokens_refused[static_cast<std::size_t>(auth::AuthError::bad_signature)] =
        2;
    workers_[0].tokens.hits = 8;
    workers_[1].tokens.hits = 1;
    workers_[0].transport.sessions_closed[4] = 5;
    redis_.decode_failures["not JSON"] = 4;
    publisher_.dropped_away = 1;
    publisher_.dropped_full = 2;
    access_.cache.hits_allowed = 3;
    access_.cache.hits_denied = 4;
    access_.store = store::StoreStats{.timed_out = 6, .queue_full = 2};
    access_.http = HttpPolicyStats{.client = {}, .failed_open = 3};
  }
  std::vector<observe::MetricSample> samples() const {
    return metric_samples({.control = control_,
                           .publisher = publishing_,
                           .workers = workers_,
                           .rooms = 11,
                           .log = eventlog::LogWriterStats{.writes = 2, .failing = true},
                           .audit = audit::AuditWriterStats{.records = 3, .lost = 2},
                           .certificates = {{.port = "clients",
                                             .label = "a.example",
                                             .not_after = WallTime(std::chrono::seconds(77))}},
                           .redis = &redis_,
                           .redis_publisher = &publisher_,
                           .access = &access_,
                           .token_keys = {.has_url = true, .failures = 4},
                           .revocation_keys = bus::RedisKeyScanStats{.passes = 5}});
  }

  ControlStats control_;
  PublisherStats publishing_;
  std::array<WorkerStats, 2> workers_;
  bus::RedisSubscriberStats redis_;
  bus::RedisPublisherStats publisher_;
  GatekeeperStats access_;
};

TEST_F(MetricsTest, the_reference_page_lists_these_metrics) {
  std::vector<test::TableRow> expected;
  for (const auto& sample : samples()) {
    if (!expected.empty() && expected.back()[0] == sample.name) continue;
    std::string labels;
    for (const auto& label : sample.labels) labels += (labels.empty() ? "" : ", ") + label.name;
    const bool known =
        std::ranges::any_of(expected, [&](const auto& row) { return row[0] == sample.name; });
    if (known) continue;
    EXPECT_FALSE(sample.help.empty()) << sample.name;
    expected.push_back({sample.name,
                        sample.type == observe::MetricType::counter ? "counter" : "gauge", labels,
                        sample.help});
  }
  EXPECT_THAT(test::table_of(OUTCRY_REFERENCE "/metrics.md", "## Gateway"),
              testing::UnorderedElementsAreArray(expected));
}

TEST_F(MetricsTest, names_tell_the_kind_and_the_text_can_be_written) {
  for (const auto& sample : samples()) {
    EXPECT_TRUE(sample.name.starts_with("outcry_"));
    EXPECT_EQ(sample.name.ends_with("_total"), sample.type == observe::MetricType::counter)
        << sample.name;
  }
  EXPECT_THAT(observe::metrics_text(samples()),
              testing::HasSubstr("outcry_sockets{worker=\"1\"} 7\n"));
}

TEST_F(MetricsTest, workers_are_summed_or_told_apart) {
  const auto all = samples();
  EXPECT_EQ(value_of(all, "outcry_joins_total"), 5);
  EXPECT_EQ(value_of(all, "outcry_sockets", "0"), 0);
  EXPECT_EQ(value_of(all, "outcry_sockets", "1"), 7);
  EXPECT_EQ(value_of(all, "outcry_rooms_indexed"), 11);
  EXPECT_EQ(value_of(all, "outcry_resyncs_total", "too_old"), 6);
  EXPECT_EQ(value_of(all, "outcry_log_writes_total"), 2);
  EXPECT_EQ(value_of(all, "outcry_log_failing"), 1);
  EXPECT_EQ(value_of(all, "outcry_engine_sessions_closed_total", "confirm_timeout"), 5);
  EXPECT_EQ(value_of(all, "outcry_publications_undecodable_total", "not JSON"), 4);
  EXPECT_EQ(value_of(all, "outcry_redis_replies_dropped_total"), 3);
  EXPECT_EQ(value_of(all, "outcry_access_cache_hits_total"), 7);
  EXPECT_EQ(value_of(all, "outcry_policy_http_failed_open_total"), 3);
  EXPECT_EQ(value_of(all, "outcry_store_timeouts_total"), 6);
  EXPECT_EQ(value_of(all, "outcry_store_refused_total", "queue_full"), 2);
  EXPECT_EQ(value_of(all, "outcry_token_cache_hits_total"), 9);
  EXPECT_EQ(value_of(all, "outcry_tokens_refused_total", "bad_signature"), 2);
  EXPECT_EQ(value_of(all, "outcry_jwks_fetches_total", "failed"), 4);
  EXPECT_EQ(value_of(all, "outcry_tls_certificate_end_seconds", "clients"), 77);
}

TEST_F(MetricsTest, what_is_not_configured_is_absent) {
  const auto bare =
      metric_samples({.control = control_, .publisher = publishing_, .workers = workers_});
  EXPECT_EQ(value_of(bare, "outcry_redis_connected"), -1);
  EXPECT_EQ(value_of(bare, "outcry_store_connections"), -1);
  EXPECT_EQ(value_of(bare, "outcry_jwks_fetches_total"), -1);
}

}  // namespace
}  // namespace outcry::gateway
