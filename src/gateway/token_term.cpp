#include "gateway/token_term.h"

#include <algorithm>

namespace outcry::gateway {

TokenTerm token_term(const auth::Claims& claims, const config::AuthConfig& config, WallTime wall,
                     TimePoint now) noexcept {
  const auto left = claims.expires - wall;  // below zero within the leeway
  TokenTerm term{.ends = CoarseTime(now + left + config.leeway, now), .warn_at = {}};
  if (config.expiry_warning > seconds::zero() && left > left.zero()) {
    term.warn_at =
        CoarseTime(now + left - std::min<milliseconds>(config.expiry_warning, left / 2), now);
  }
  return term;
}

std::int64_t seconds_left(const TokenTerm& term, const config::AuthConfig& config,
                          TimePoint now) noexcept {
  const auto left = std::chrono::floor<seconds>(term.ends.seen_at(now) - config.leeway - now);
  return std::max<std::int64_t>(left.count(), 0);
}

}  // namespace outcry::gateway
