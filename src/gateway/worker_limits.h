// gateway/worker_limits.h — what one worker decides by itself about who asks too often.
//
//   accept ─▶ may_connect     open connections and connects of the address
//   GET or upgrade without a sid ─▶ may_open      bans and connects of the address
//   packet, join ─▶ the user's rates
//
// Nothing is shared with other workers: of an address each has its share (limit_rules.h), of a user
// each has all, for his few connections may well be at one worker. What must be exact is counted by
// the control thread at CONNECT (limits/admission.h). docs/decisions/0015-limits.md says why.
// Thread: its worker's only. Owner: Worker.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "base/clock.h"
#include "gateway/limit_rules.h"
#include "limits/count_table.h"
#include "limits/limits.h"
#include "limits/rate_table.h"
#include "transport/turned_away.h"

namespace outcry::gateway {

/// Addresses, and until when. Immutable; control makes a new one for each change.
using BannedAddresses = std::unordered_map<limits::Key, TimePoint>;

class WorkerLimits {
 public:
  explicit WorkerLimits(std::shared_ptr<const LimitRules> rules) : rules_(std::move(rules)) {}

  /// From the next call on; what somebody has taken, and who is connected, stays counted.
  void use(std::shared_ptr<const LimitRules> rules) { rules_ = std::move(rules); }
  [[nodiscard]] const LimitRules& rules() const noexcept { return *rules_; }

  // ---- Of addresses; nullopt: let in ----

  [[nodiscard]] std::optional<transport::TurnedAway> may_connect(const net::IpAddress& peer,
                                                                 TimePoint now);
  void on_connect(const net::IpAddress& peer);
  void on_disconnect(const net::IpAddress& peer) noexcept;
  [[nodiscard]] std::optional<transport::TurnedAway> may_open(const net::IpAddress& client,
                                                              TimePoint now);
  /// Whether a refused request of this address is worth a record: ten a second are, and a hundred
  /// at once. Of an exempt one as well; nothing is refused by it.
  [[nodiscard]] bool take_note(const net::IpAddress& client, TimePoint now);
  void use(std::shared_ptr<const BannedAddresses> banned) { banned_ = std::move(banned); }

  // ---- Of users; zero: let through, else when to ask again ----

  [[nodiscard]] std::chrono::milliseconds take_packet(std::string_view user, std::size_t bytes,
                                                      TimePoint now);
  [[nodiscard]] std::chrono::milliseconds take_join(std::string_view user, TimePoint now);

  [[nodiscard]] const limits::LimitCounts& counts() const noexcept { return counts_; }

 private:
  using Bucket = limits::Bucket<std::uint64_t>;

  [[nodiscard]] std::optional<transport::TurnedAway> turn_away(limits::Limit limit,
                                                               std::chrono::milliseconds wait,
                                                               std::string_view why);
  [[nodiscard]] std::chrono::milliseconds take(Bucket& bucket, const limits::Rate& rate,
                                               std::size_t units, limits::Ticks now,
                                               limits::Limit limit);

  std::shared_ptr<const LimitRules> rules_;
  limits::LimitCounts counts_;
  limits::CountTable connections_;  // by address
  limits::RateTable addresses_;
  limits::RateTable users_;
  std::shared_ptr<const BannedAddresses> banned_;  // null: nobody is
};

}  // namespace outcry::gateway
