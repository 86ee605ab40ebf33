#include "gateway/user_totals.h"

namespace outcry::gateway {

std::optional<UserOver> UserTotals::add(const UserSpent& spent, TimePoint now) {
  const limits::Ticks at = limits::ticks_of(now);
  auto& taken = users_.of(spent.user, at).taken;
  UserOver out{.user = spent.user};
  bool is_over = false;
  for (std::size_t i = 0; i < kUserRates; ++i) {
    const limits::Rate& rate = rules_->user_rates[i];
    if (rate.unlimited() || spent.units[i] == 0) continue;
    // No further, or a flood of a moment would shut him out for as long as it likes.
    taken[i].add(rate.cost(spent.units[i]), at, 2 * rate.window());
    out.ahead[i] = taken[i].ahead(at);
    is_over = is_over || out.ahead[i] > rate.window();
  }
  return is_over ? std::optional(out) : std::nullopt;
}

}  // namespace outcry::gateway
