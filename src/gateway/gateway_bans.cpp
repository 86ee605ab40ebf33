// The gateway's part in bans, and in what users have taken: everybody who has to know is told.
#include <utility>

#include "base/log.h"
#include "gateway/gateway.h"

namespace outcry::gateway {

/// The one place where a ban begins.
void Gateway::ban_began(const JoinGuard::Notice& notice) {
  const bool of_user = notice.target.kind == BanKind::user;
  log::warning("banned for {} s, for too many joins were refused: {} {}",
               std::chrono::duration_cast<seconds>(notice.lasts).count(),
               of_user ? "user" : "address", notice.target.name);
  audit_.add_ban(notice.target);
  ++stats_.bans[static_cast<std::size_t>(notice.target.kind)];
  if (!of_user) tell_banned_addresses();
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    workers_.post(
        static_cast<WorkerId>(i),
        std::make_unique<Expel>(Expel{.user = of_user ? notice.target.name : std::string(),
                                      .address = notice.address}));
  }
  wake_workers_later();
}

void Gateway::tell_banned_addresses() {
  auto update = std::make_shared<WorkerUpdate>();
  update->banned = guard_.banned_addresses(steady_now());
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    workers_.post(static_cast<WorkerId>(i), std::shared_ptr<const WorkerUpdate>(update));
  }
  wake_workers_later();
}

void Gateway::take(const UserSpent& spent) {
  const auto over = user_totals_.add(spent, steady_now());
  if (!over) return;
  const auto shared = std::make_shared<const UserOver>(*over);
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    workers_.post(static_cast<WorkerId>(i), shared);
  }
  wake_workers_later();
}

std::vector<BanInfo> Gateway::bans() const {
  return guard_.bans(steady_now());
}

bool Gateway::lift_ban(const BanTarget& target, std::string_view by) {
  if (!guard_.lift(target)) return false;
  log::info("ban lifted: {} {}", target.kind == BanKind::user ? "user" : "address", target.name);
  audit_.add_lifted_ban(target, by);
  ++stats_.bans_lifted;
  if (target.kind == BanKind::address) tell_banned_addresses();
  return true;
}

}  // namespace outcry::gateway
