#include "observe/metrics_text.h"

#include <cstddef>
#include <limits>
#include <unordered_map>

#include <prometheus/check_names.h>
#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include "base/assert.h"

namespace outcry::observe {
namespace {

prometheus::MetricType family_type(MetricType type) noexcept {
  switch (type) {
    case MetricType::counter:
      return prometheus::MetricType::Counter;
    case MetricType::gauge:
      return prometheus::MetricType::Gauge;
    case MetricType::histogram:
      return prometheus::MetricType::Histogram;
  }
  return prometheus::MetricType::Untyped;
}

void fill_histogram(const HistogramValue& value, prometheus::ClientMetric::Histogram& out) {
  out.sample_count = value.count;
  out.sample_sum = value.sum;
  out.bucket.reserve(value.buckets.size() + 1);
  for (const HistogramBucket& bucket : value.buckets) {
    out.bucket.push_back({bucket.cumulative_count, bucket.upper_bound});
  }
  out.bucket.push_back({value.count, std::numeric_limits<double>::infinity()});
}

prometheus::ClientMetric client_metric(const MetricSample& sample) {
  prometheus::ClientMetric metric;
  metric.label.reserve(sample.labels.size());
  for (const MetricLabel& label : sample.labels) {
    OUTCRY_ASSERT(prometheus::CheckLabelName(label.name));
    metric.label.push_back({label.name, label.value});
  }
  switch (sample.type) {
    case MetricType::counter:
      metric.counter.value = sample.value;
      break;
    case MetricType::gauge:
      metric.gauge.value = sample.value;
      break;
    case MetricType::histogram:
      fill_histogram(sample.histogram, metric.histogram);
      break;
  }
  return metric;
}

}  // namespace

std::string metrics_text(std::span<const MetricSample> samples) {
  std::vector<prometheus::MetricFamily> families;
  std::unordered_map<std::string_view, std::size_t> family_of;
  for (const MetricSample& sample : samples) {
    const auto [entry, is_new] = family_of.try_emplace(sample.name, families.size());
    if (is_new) {
      OUTCRY_ASSERT(prometheus::CheckMetricName(sample.name));
      families.push_back({sample.name, sample.help, family_type(sample.type), {}});
    }
    prometheus::MetricFamily& family = families[entry->second];
    OUTCRY_ASSERT(family.type == family_type(sample.type));
    family.metric.push_back(client_metric(sample));
  }
  return prometheus::TextSerializer().Serialize(families);
}

}  // namespace outcry::observe
