// gateway/worker_limits.h — what one worker decides by itself about who asks too often.
//
//   accept ─▶ may_connect     open connections and connects of the address
//   GET or upgrade without a sid ─▶ may_open      bans and connects of the address
//   packet, join ─▶ the user's rates
//
// Nothing is shared with other workers. Of an address each has its share (limit_rules.h). Of a user
// each has all, for his few connections may well be at one worker, and tells control of who takes
// much; control adds up, and tells all of who takes too much (user_totals.h). What must be exact is
// counted by the control thread at CONNECT (limits/admission.h). docs/decisions/0015-limits.md says
// why.
// Thread: its worker's only. Owner: Worker.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
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

/// What a user has taken at one worker since that told of him last: by UserRate.
struct UserSpent {
  limits::Key user = limits::kNobody;
  std::array<std::uint32_t, kUserRates> units{};
};
/// How far a user is ahead of time over all workers, beyond a limit in one at least.
struct UserOver {
  limits::Key user = limits::kNobody;
  std::array<limits::Ticks, kUserRates> ahead{};
};

class WorkerLimits {
 public:
  /// Tells control; false if that is to be tried later.
  using Tell = std::function<bool(const UserSpent&)>;

  explicit WorkerLimits(std::shared_ptr<const LimitRules> rules, Tell tell = {})
      : rules_(std::move(rules)), tell_(std::move(tell)) {}

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
  /// What he has taken elsewhere counts here.
  void use(const UserOver& over, TimePoint now);

  [[nodiscard]] const limits::LimitCounts& counts() const noexcept { return counts_; }

 private:
  using Account = limits::RateTable::Account;

  [[nodiscard]] std::optional<transport::TurnedAway> turn_away(limits::Limit limit,
                                                               std::chrono::milliseconds wait,
                                                               std::string_view why);
  [[nodiscard]] std::chrono::milliseconds take(Account& account, UserRate which, std::size_t units,
                                               limits::Ticks now);
  void tell_of(limits::Key user, Account& account);

  std::shared_ptr<const LimitRules> rules_;
  const Tell tell_;  // empty: nobody is told
  limits::LimitCounts counts_;
  limits::CountTable connections_;  // by address
  limits::RateTable addresses_;
  limits::RateTable users_;
  std::shared_ptr<const BannedAddresses> banned_;  // null: nobody is
};

}  // namespace outcry::gateway
