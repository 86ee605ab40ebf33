#include "gateway/worker_limits.h"

#include <algorithm>

namespace outcry::gateway {
namespace {

using limits::Limit;
using std::chrono::milliseconds;

// A place may come free at any time; asking more often than this only costs.
constexpr milliseconds kRetryWhenFull{10'000};
// A browser that polls, then upgrades: one that gets, one that posts, the WebSocket, and a file.
constexpr std::size_t kConnectionsPerSession = 4;

constexpr limits::Rate kNoteRate(10, 100);

// Places in a RateTable: of an address, and of a user.
enum AddressRate : std::uint8_t { kTcpConnects, kSessions, kNotes };
enum UserRate : std::uint8_t { kPackets, kBytes, kJoins };

}  // namespace

std::optional<transport::TurnedAway> WorkerLimits::turn_away(Limit limit, milliseconds wait,
                                                             std::string_view why) {
  if (!counts_.reached(rules_->limits, {limit, wait})) return std::nullopt;
  return transport::TurnedAway{.status = 429, .retry_after = wait, .why = why};
}

std::optional<transport::TurnedAway> WorkerLimits::may_connect(const net::IpAddress& peer,
                                                               TimePoint now) {
  const limits::Key key = rules_->address_key(peer);
  if (key == limits::kNobody) return std::nullopt;
  if (connections_.count(key) >= rules_->limits.address_connections_max) {
    if (auto away = turn_away(Limit::address_connections, kRetryWhenFull,
                              "Too many connections come from this address.\n")) {
      return away;
    }
  }
  const limits::Rate& rate = rules_->limits.address_connects;
  if (rate.unlimited()) return std::nullopt;
  // A session's cost is that of four connections: whole units of a rate four times as high.
  const limits::Ticks at = limits::ticks_of(now);
  Bucket& bucket = addresses_.of(key, at)[kTcpConnects];
  const limits::Ticks cost =
      std::max<limits::Ticks>(rate.cost(1) / static_cast<limits::Ticks>(kConnectionsPerSession), 1);
  const limits::Ticks over = bucket.ahead(at) + cost - rate.window();
  if (over > 0) {
    if (auto away = turn_away(Limit::address_connects, limits::milliseconds_of(over),
                              "This address connects too often.\n")) {
      return away;
    }
  }
  bucket.add(cost, at, rate.window());
  return std::nullopt;
}

// Exempt ones as well: which those are may change before the connection ends.
void WorkerLimits::on_connect(const net::IpAddress& peer) {
  connections_.add(rules_->key_of(rules_->any_network_of(peer)));
}

void WorkerLimits::on_disconnect(const net::IpAddress& peer) noexcept {
  connections_.remove(rules_->key_of(rules_->any_network_of(peer)));
}

std::optional<transport::TurnedAway> WorkerLimits::may_open(const net::IpAddress& client,
                                                            TimePoint now) {
  const limits::Key key = rules_->address_key(client);
  if (key == limits::kNobody) return std::nullopt;
  if (banned_ != nullptr) {
    const auto banned = banned_->find(key);
    if (banned != banned_->end() && banned->second > now) {
      return turn_away(Limit::address_ban, std::chrono::ceil<milliseconds>(banned->second - now),
                       "This address is banned for a while: too many joins were refused.\n");
    }
  }
  const limits::Ticks at = limits::ticks_of(now);
  const limits::Ticks over =
      addresses_.of(key, at)[kSessions].take(rules_->limits.address_connects, 1, at);
  if (over == 0) return std::nullopt;
  return turn_away(Limit::address_connects, limits::milliseconds_of(over),
                   "This address connects too often.\n");
}

bool WorkerLimits::take_note(const net::IpAddress& client, TimePoint now) {
  const limits::Ticks at = limits::ticks_of(now);
  const limits::Key key = rules_->key_of(rules_->any_network_of(client));
  return addresses_.of(key, at)[kNotes].take(kNoteRate, 1, at) == 0;
}

milliseconds WorkerLimits::take_packet(std::string_view user, std::size_t bytes, TimePoint now) {
  const limits::Limits& limits = rules_->limits;
  if (limits.user_packets.unlimited() && limits.user_bytes.unlimited()) return {};
  const limits::Ticks at = limits::ticks_of(now);
  auto& buckets = users_.of(rules_->user_key(user), at);
  const milliseconds wait =
      take(buckets[kPackets], limits.user_packets, 1, at, Limit::user_packets);
  if (wait.count() > 0) return wait;
  return take(buckets[kBytes], limits.user_bytes, bytes, at, Limit::user_bytes);
}

milliseconds WorkerLimits::take_join(std::string_view user, TimePoint now) {
  if (rules_->limits.user_joins.unlimited()) return {};
  const limits::Ticks at = limits::ticks_of(now);
  Bucket& bucket = users_.of(rules_->user_key(user), at)[kJoins];
  return take(bucket, rules_->limits.user_joins, 1, at, Limit::user_joins);
}

milliseconds WorkerLimits::take(Bucket& bucket, const limits::Rate& rate, std::size_t units,
                                limits::Ticks now, Limit limit) {
  const limits::Ticks over = bucket.take(rate, units, now);
  if (over == 0) return {};
  const auto refused = counts_.reached(rules_->limits, {limit, limits::milliseconds_of(over)});
  return refused ? refused->retry_after : milliseconds::zero();
}

}  // namespace outcry::gateway
