// gateway/join_guard.h — who asks for rooms that aren't his: late answers, then a ban.
//
//   a join is refused ─▶ user's score, address's score ─▶ at once, late, or banned
//   CONNECT ─▶ banned? ─▶ refused, with the time that is left
//
// Scores and bans are this node's, and over all its workers (limits/offenders.h).
// Thread: the control thread. Owner: Gateway.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "gateway/limit_rules.h"
#include "gateway/operations.h"
#include "gateway/worker_limits.h"
#include "limits/limits.h"
#include "limits/offenders.h"
#include "net/ip_network.h"

namespace outcry::gateway {

class JoinGuard {
 public:
  /// Whose join was refused. An exempt address is nobody.
  struct Suspect {
    std::string_view user;
    net::IpNetwork address;
  };
  /// A ban has begun. The text is one of the other's two members: of an address the word as well.
  struct Notice {
    BanTarget target;
    net::IpNetwork address;
    std::chrono::milliseconds lasts{};
  };

  explicit JoinGuard(std::shared_ptr<const LimitRules> rules);

  /// From the next call on. Bans that are in force stay.
  void use(std::shared_ptr<const LimitRules> rules);

  std::function<void(const Notice&)> on_ban;

  /// How late he is to be told.
  [[nodiscard]] std::chrono::milliseconds refused(const Suspect& suspect, TimePoint now);
  /// nullopt: neither the user nor the address is.
  [[nodiscard]] std::optional<limits::Refusal> banned(const limits::Party& party, TimePoint now);

  /// The longest first.
  [[nodiscard]] std::vector<BanInfo> bans(TimePoint now) const;
  /// False: there is none.
  bool lift(const BanTarget& target);
  /// Those of addresses, as workers need them.
  [[nodiscard]] std::shared_ptr<const BannedAddresses> banned_addresses(TimePoint now) const;

  [[nodiscard]] const limits::LimitCounts& counts() const noexcept { return counts_; }
  [[nodiscard]] std::size_t banned_users(TimePoint now);
  [[nodiscard]] std::size_t banned_addresses_count(TimePoint now);

 private:
  struct Kind {
    limits::Offenders& offenders;
    limits::Limit late;
    limits::Limit ban;
  };
  [[nodiscard]] std::chrono::milliseconds judge(const Kind& kind, limits::Key key,
                                                const Notice& notice, TimePoint now);

  std::shared_ptr<const LimitRules> rules_;
  limits::LimitCounts counts_;
  limits::Offenders users_;
  limits::Offenders addresses_;
};

}  // namespace outcry::gateway
