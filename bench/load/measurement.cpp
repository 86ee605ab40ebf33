#include "load/measurement.h"

#include <algorithm>
#include <cstddef>

namespace outcry::bench {

Measurement::Measurement(const MeasurementOptions& options)
    : options_(options), fairness_(options.connections, options.rooms) {
  for (std::uint32_t i = 0; i < options.connections; ++i) {
    if (!is_slow(i)) fairness_.add_member(i % options.rooms);
  }
}

bool Measurement::is_slow(std::uint32_t connection) const noexcept {
  // Those at which the running total of shares passes a whole number.
  const auto before = static_cast<std::uint64_t>(connection * options_.slow_share);
  return static_cast<std::uint64_t>((connection + 1.0) * options_.slow_share) > before;
}

void Measurement::open_window(std::uint64_t from_ns, std::uint64_t to_ns) {
  window_.from_ns = from_ns;
  window_.to_ns = to_ns;
  window_.delivered = 0;
  window_.arrived = 0;
  window_.slow_delivered = 0;
  window_.latency.clear();
  fairness_.clear();
}

void Measurement::track(std::uint64_t from_ns) {
  track_from_ns_ = from_ns;
  streams_.assign(std::size_t{options_.connections} * kStreamsOfRoom, StreamSum{});
}

void Measurement::take(std::uint32_t connection, const Delivery& delivery,
                       std::uint64_t now_ns) noexcept {
  if (!delivery.own_room) ++faults_.misdelivered;
  if (!delivery.in_sequence) ++faults_.out_of_sequence;
  ++arrived_total_;
  last_arrival_ns_ = now_ns;
  if (!streams_.empty() && delivery.published_ns >= track_from_ns_) {
    streams_[connection * kStreamsOfRoom + delivery.slot].add(delivery.published_ns);
  }
  const bool published_in_window =
      delivery.published_ns >= window_.from_ns && delivery.published_ns < window_.to_ns;
  if (is_slow(connection)) {
    window_.slow_delivered += published_in_window ? 1 : 0;
    return;
  }
  if (now_ns >= window_.from_ns && now_ns < window_.to_ns) ++window_.arrived;
  if (!published_in_window) return;
  ++window_.delivered;
  window_.latency.record(now_ns - std::min(now_ns, delivery.published_ns));
  fairness_.record(connection, connection % options_.rooms, delivery.published_ns);
}

std::span<const StreamSum> Measurement::streams(std::uint32_t connection) const noexcept {
  if (streams_.empty()) return {};
  return std::span(streams_).subspan(connection * kStreamsOfRoom, kStreamsOfRoom);
}

}  // namespace outcry::bench
