// gateway/user_totals.h — what users have taken over all workers.
//
//   worker: he has taken another part ─▶ add() ─▶ within his limit: nothing
//                                            └──▶ beyond: all workers are told, and refuse him
//
// A worker tells of a user when he has taken a fixed part of his burst there (LimitRules::
// told_after): of most users never. What may be taken untold, and beyond the limit before the
// workers hear of it, is a quarter of the burst; on and on a user gets what is configured.
// Thread: the control thread. Owner: Gateway.
#pragma once

#include <memory>
#include <optional>
#include <utility>

#include "base/clock.h"
#include "gateway/limit_rules.h"
#include "gateway/worker_limits.h"
#include "limits/rate_table.h"

namespace outcry::gateway {

class UserTotals {
 public:
  explicit UserTotals(std::shared_ptr<const LimitRules> rules) : rules_(std::move(rules)) {}

  /// From the next call on.
  void use(std::shared_ptr<const LimitRules> rules) { rules_ = std::move(rules); }
  /// nullopt: he is within his limits.
  [[nodiscard]] std::optional<UserOver> add(const UserSpent& spent, TimePoint now);

 private:
  std::shared_ptr<const LimitRules> rules_;
  limits::RateTable users_;
};

}  // namespace outcry::gateway
