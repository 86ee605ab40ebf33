// What a client may send, and for how long a session lasts.
#include <algorithm>
#include <array>
#include <limits>

#include "base/bytes.h"
#include "base/random.h"
#include "transport/endpoint.h"
#include "transport/engine_session.h"

namespace outcry::transport {

// ---- What it sends ----

void EngineSession::charge_packet() {
  charge(packets_, endpoint_.limits().packets, 1, limits::Limit::connection_packets);
}

void EngineSession::charge_bytes(std::size_t bytes) {
  charge(bytes_, endpoint_.limits().bytes, bytes, limits::Limit::connection_bytes);
}

void EngineSession::refund_packet() noexcept {
  const limits::Rate& rate = endpoint_.limits().packets;
  if (rate.unlimited()) return;
  const limits::Ticks now = limits::ticks_of(endpoint_.loop().now());
  packets_.add(-std::min(rate.cost(1), packets_.ahead(now)), now, packets_.ahead(now));
}

// What is refused costs as well. So who doesn't listen gets ever further ahead, until he is a
// second window beyond the first.
void EngineSession::charge(limits::Bucket<std::uint32_t>& bucket, const limits::Rate& rate,
                           std::size_t units, limits::Limit limit) {
  if (rate.unlimited() || state_ != State::open) return;
  const limits::Ticks now = limits::ticks_of(endpoint_.loop().now());
  const limits::Ticks most = 2 * rate.window() + 1;
  bucket.add(rate.cost(units), now, most);
  const limits::Ticks ahead = bucket.ahead(now);
  if (ahead <= rate.window()) return;
  const bool dry_run = endpoint_.limits().dry_run;
  auto& counts = endpoint_.counters().limits;
  ++(dry_run ? counts.would_refuse : counts.refused)[static_cast<std::size_t>(limit)];
  if (ahead == most && !dry_run) end(CloseReason::flood, engineio::kClosePacket);
}

std::chrono::milliseconds EngineSession::overdrawn() const noexcept {
  const ConnectionLimits& limits = endpoint_.limits();
  if (limits.dry_run) return {};
  const limits::Ticks now = limits::ticks_of(endpoint_.loop().now());
  limits::Ticks most = 0;
  if (!limits.packets.unlimited()) {
    most = packets_.ahead(now) - limits.packets.window();
  }
  if (!limits.bytes.unlimited()) {
    most = std::max(most, bytes_.ahead(now) - limits.bytes.window());
  }
  return limits::milliseconds_of(std::max<limits::Ticks>(most, 0));
}

// ---- How long it lasts ----

void EngineSession::begin_life() {
  const TransportOptions& options = endpoint_.options();
  if (options.session_max == std::chrono::milliseconds::zero()) return;
  std::uint32_t dice = 0;
  random_bytes(std::as_writable_bytes(std::span(&dice, 1)));
  const double sooner = options.session_jitter * dice / std::numeric_limits<std::uint32_t>::max();
  lives_until_ =
      in(std::chrono::duration_cast<std::chrono::milliseconds>(options.session_max * (1 - sooner)));
}

/// At a heartbeat: counts those before which nothing was said, rather than keeping a time.
bool EngineSession::idle_for_too_long() {
  const TransportOptions& options = endpoint_.options();
  if (options.idle_timeout == std::chrono::milliseconds::zero()) return false;
  const bool silent = !heard_ && silent_pings_ < std::numeric_limits<std::uint16_t>::max();
  silent_pings_ = silent ? static_cast<std::uint16_t>(silent_pings_ + 1) : std::uint16_t{0};
  return silent_pings_ * options.ping_interval >= options.idle_timeout;
}

}  // namespace outcry::transport
