// load/measurement.h — what arrived, counted: latencies, faults, fairness, and each stream's end.
//
// Slow readers are counted apart: what they cost themselves must not hide what they cost the
// others. Thread: its owner's.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "common/events.h"
#include "common/histogram.h"
#include "load/fairness.h"
#include "load/session.h"

namespace outcry::bench {

struct MeasurementOptions {
  std::uint32_t connections = 1;
  std::uint32_t rooms = 1;  ///< connection i belongs to challenge i % rooms
  double slow_share = 0;    ///< 0..1 of the connections, evenly spread
};

/// Deliveries whose time of publishing lies in [from, to).
struct Window {
  std::uint64_t from_ns = 0;
  std::uint64_t to_ns = 0;
  std::uint64_t delivered = 0;  ///< to readers that aren't slow, like `latency`
  std::uint64_t arrived = 0;    ///< between from and to by the time of arrival, whenever published
  std::uint64_t slow_delivered = 0;  ///< to slow readers
  Histogram latency;
};

/// Since the start, and never expected.
struct Faults {
  std::uint64_t misdelivered = 0;     ///< an event of a room that the session isn't in
  std::uint64_t out_of_sequence = 0;  ///< a doubled or late event
};

class Measurement {
 public:
  explicit Measurement(const MeasurementOptions& options);

  [[nodiscard]] bool is_slow(std::uint32_t connection) const noexcept;

  /// Starts a new window; deliveries from now on count in it alone.
  void open_window(std::uint64_t from_ns, std::uint64_t to_ns);
  /// Sums up each stream of each connection from now on, from zero; events published before
  /// `from_ns` are left out.
  void track(std::uint64_t from_ns);
  void take(std::uint32_t connection, const Delivery& delivery, std::uint64_t now_ns) noexcept;

  [[nodiscard]] const Window& window() const noexcept { return window_; }
  [[nodiscard]] const Faults& faults() const noexcept { return faults_; }
  [[nodiscard]] FairnessFigures fairness() const { return fairness_.figures(); }
  /// kStreamsOfRoom sums; empty before track().
  [[nodiscard]] std::span<const StreamSum> streams(std::uint32_t connection) const noexcept;
  /// Events since the start.
  [[nodiscard]] std::uint64_t arrived_total() const noexcept { return arrived_total_; }
  [[nodiscard]] std::uint64_t last_arrival_ns() const noexcept { return last_arrival_ns_; }

 private:
  MeasurementOptions options_;
  Window window_;
  Faults faults_;
  Fairness fairness_;
  std::vector<StreamSum> streams_;  ///< of connection 0, then of 1, …
  std::uint64_t track_from_ns_ = 0;
  std::uint64_t arrived_total_ = 0;
  std::uint64_t last_arrival_ns_ = 0;
};

}  // namespace outcry::bench
