// gateway/metrics.h — every folder's counters as metric samples (docs/reference/metrics.md).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "audit/audit_writer.h"
#include "bus/redis_key_scan.h"
#include "bus/redis_publisher.h"
#include "bus/redis_subscriber.h"
#include "config/reload.h"
#include "eventlog/log_writer.h"
#include "gateway/certificate_watch.h"
#include "gateway/gatekeeper.h"
#include "gateway/revoker.h"
#include "gateway/token_keys.h"
#include "gateway/worker_stats.h"
#include "limits/limits.h"
#include "observe/metrics_text.h"

namespace outcry::gateway {

struct ControlStats;
struct PublisherStats;

struct MetricsSource {
  const ControlStats& control;
  const PublisherStats& publisher;
  std::span<const WorkerStats> workers;
  limits::LimitCounts limits{};  // of control
  std::size_t users = 0;         // with a socket
  std::size_t addresses = 0;     // likewise, not exempt
  std::size_t banned_users = 0;
  std::size_t banned_addresses = 0;
  std::size_t rooms = 0;
  std::size_t snapshots = 0;
  std::size_t parked = 0;          // sockets whose clients may come back
  std::size_t history_events = 0;  // that can be sent again
  std::size_t history_bytes = 0;
  std::optional<eventlog::LogWriterStats> log{};   // absent: nothing is written
  std::optional<audit::AuditWriterStats> audit{};  // likewise
  std::uint64_t paced = 0;                         // events replaced while they were held back
  std::uint64_t deliveries_dropped = 0;
  config::ReloadStats reloads;
  std::vector<CertificateInUse> certificates;
  bool redis_connected = false;
  const bus::RedisSubscriberStats* redis = nullptr;           // absent: no Redis configured
  const bus::RedisPublisherStats* redis_publisher = nullptr;  // likewise
  const GatekeeperStats* access = nullptr;
  TokenKeysStats token_keys;
  RevokerStats revocations;
  std::optional<bus::RedisKeyScanStats> revocation_keys{};  // absent: none are looked for
};

/// Workers' counters are summed; what tells workers apart has a label `worker`.
[[nodiscard]] std::vector<observe::MetricSample> metric_samples(const MetricsSource& source);

}  // namespace outcry::gateway
