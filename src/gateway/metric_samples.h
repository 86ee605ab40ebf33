// gateway/metric_samples.h — how the parts of /metrics are put together.
//
// Each part is a file: what clients and workers do, what the control plane does, and what it asks
// of others. Thread: the control thread.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gateway/metrics.h"

namespace outcry::gateway {

using observe::MetricLabel;
using observe::MetricSample;
using observe::MetricType;

class Samples {
 public:
  explicit Samples(std::span<const WorkerStats> workers) : workers_(workers) {}

  void counter(std::string_view name, std::string_view help, std::uint64_t value,
               std::vector<MetricLabel> labels = {}) {
    add(name, help, MetricType::counter, static_cast<double>(value), std::move(labels));
  }
  void gauge(std::string_view name, std::string_view help, double value,
             std::vector<MetricLabel> labels = {}) {
    add(name, help, MetricType::gauge, value, std::move(labels));
  }
  template <class Get>
  std::uint64_t sum(Get&& get) const {
    std::uint64_t out = 0;
    for (const WorkerStats& worker : workers_) out += get(worker);
    return out;
  }
  template <class Get>
  void summed(std::string_view name, std::string_view help, Get&& get) {
    counter(name, help, sum(get));
  }

  [[nodiscard]] std::vector<MetricSample> take() { return std::move(samples_); }

 private:
  void add(std::string_view name, std::string_view help, MetricType type, double value,
           std::vector<MetricLabel> labels) {
    samples_.push_back({.name = std::string(name),
                        .help = std::string(help),
                        .type = type,
                        .labels = std::move(labels),
                        .value = value});
  }
  std::span<const WorkerStats> workers_;
  std::vector<MetricSample> samples_;
};

/// metrics_clients.cpp: connections, sockets, tokens.
void add_client_metrics(Samples& out, const MetricsSource& source);
/// metrics_asked.cpp: Redis, databases, back ends.
void add_asked_metrics(Samples& out, const MetricsSource& source);

}  // namespace outcry::gateway
