#include "gateway/worker_limits.h"

#include <algorithm>
#include <limits>

namespace outcry::gateway {
namespace {

using limits::Limit;

// A place may come free at any time; asking more often than this only costs.
constexpr milliseconds kRetryWhenFull{10'000};
// A browser that polls, then upgrades: one that gets, one that posts, the WebSocket, and a file.
constexpr std::size_t kConnectionsPerSession = 4;

constexpr limits::Rate kNoteRate(10, 100);

// Places in a RateTable, of an address; a user's are by UserRate.
enum AddressRate : std::uint8_t { kTcpConnects, kSessions, kNotes };

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
  auto& bucket = addresses_.of(key, at).taken[kTcpConnects];
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
      addresses_.of(key, at).taken[kSessions].take(rules_->limits.address_connects, 1, at);
  if (over == 0) return std::nullopt;
  return turn_away(Limit::address_connects, limits::milliseconds_of(over),
                   "This address connects too often.\n");
}

bool WorkerLimits::take_note(const net::IpAddress& client, TimePoint now) {
  const limits::Ticks at = limits::ticks_of(now);
  const limits::Key key = rules_->key_of(rules_->any_network_of(client));
  return addresses_.of(key, at).taken[kNotes].take(kNoteRate, 1, at) == 0;
}

milliseconds WorkerLimits::take_packet(std::string_view user, std::size_t bytes, TimePoint now) {
  const limits::Limits& limits = rules_->limits;
  if (limits.user_packets.unlimited() && limits.user_bytes.unlimited()) return {};
  const limits::Ticks at = limits::ticks_of(now);
  const limits::Key key = rules_->user_key(user);
  Account& account = users_.of(key, at);
  milliseconds wait = take(account, kPackets, 1, at);
  if (wait.count() == 0) wait = take(account, kBytes, bytes, at);
  tell_of(key, account);
  return wait;
}

milliseconds WorkerLimits::take_join(std::string_view user, TimePoint now) {
  if (rules_->limits.user_joins.unlimited()) return {};
  const limits::Ticks at = limits::ticks_of(now);
  const limits::Key key = rules_->user_key(user);
  Account& account = users_.of(key, at);
  const milliseconds wait = take(account, kJoins, 1, at);
  tell_of(key, account);
  return wait;
}

milliseconds WorkerLimits::take(Account& account, UserRate which, std::size_t units,
                                limits::Ticks now) {
  constexpr std::array kLimits{Limit::user_packets, Limit::user_bytes, Limit::user_joins};
  constexpr std::size_t kUntoldMax = std::numeric_limits<std::uint32_t>::max();
  const limits::Ticks over = account.taken[which].take(rules_->user_rates[which], units, now);
  if (over == 0) {
    const std::size_t untold = std::min(account.untold[which] + units, kUntoldMax);
    account.untold[which] = static_cast<std::uint32_t>(untold);
    return {};
  }
  const auto refused =
      counts_.reached(rules_->limits, {kLimits[which], limits::milliseconds_of(over)});
  return refused ? refused->retry_after : milliseconds::zero();
}

void WorkerLimits::tell_of(limits::Key user, Account& account) {
  for (std::size_t i = 0; i < kUserRates; ++i) {
    if (account.untold[i] < rules_->told_after[i]) continue;
    const UserSpent spent{.user = user, .units = account.untold};
    // Before it is told: what comes back may be about him.
    account.untold = {};
    if (tell_ && !tell_(spent)) account.untold = spent.units;
    return;
  }
}

void WorkerLimits::use(const UserOver& over, TimePoint now) {
  const limits::Ticks at = limits::ticks_of(now);
  Account& account = users_.of(over.user, at);
  for (std::size_t i = 0; i < kUserRates; ++i) account.taken[i].raise(over.ahead[i], at);
}

}  // namespace outcry::gateway
