// observe/metrics_text.h — counters of the process as Prometheus text (exposition format 0.0.4).
//
// Each folder keeps a plain `Stats` struct; the gateway turns them into samples when somebody asks,
// and this writes them. So nothing below the gateway knows about metrics, and a worker's counters
// need neither locks nor a registry: they are summed once per scrape.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace outcry::observe {

enum class MetricType : std::uint8_t { counter, gauge, histogram };

struct MetricLabel {
  std::string name;
  std::string value;
};

/// How many observations were at most `upper_bound`, in the unit of the metric's name.
struct HistogramBucket {
  double upper_bound = 0;
  std::uint64_t cumulative_count = 0;
};

/// `buckets` ascending; the one for infinity is written from `count` and must be absent.
struct HistogramValue {
  std::vector<HistogramBucket> buckets;
  std::uint64_t count = 0;
  double sum = 0;
};

/// One measured value: `outcry_frames_sent_total{transport="websocket"} 12`.
struct MetricSample {
  std::string name;  // [a-zA-Z_:][a-zA-Z0-9_:]*; our own begin with outcry_, the unit at the end
  std::string help;  // of the first sample of a name; the others' are ignored
  MetricType type = MetricType::gauge;
  std::vector<MetricLabel> labels;
  double value = 0;          // counter and gauge
  HistogramValue histogram;  // histogram
};

/// What metrics_text() writes: the value for the HTTP header Content-Type.
inline constexpr std::string_view kMetricsContentType = "text/plain; version=0.0.4; charset=utf-8";

/// Writes `samples`; those of one name become one family, in the order in which names first occur.
/// Names are ours, so a malformed one, or one name with two types, is a bug and aborts.
[[nodiscard]] std::string metrics_text(std::span<const MetricSample> samples);

}  // namespace outcry::observe
