// gateway/token_term.h — what a socket keeps of the token that it lives by: when it ends.
//
//   CONNECT ───────────────────────── warn_at ──── exp ── leeway ─▶ ends: 4401
//                                     token_expiring
//
// A token that lives shorter than twice the warning is warned about at half of what it has left:
// never at once, and never too late to do something.
#pragma once

#include <cstdint>

#include "auth/token_verifier.h"
#include "base/clock.h"
#include "base/coarse_time.h"
#include "config/config.h"

namespace outcry::gateway {

struct TokenTerm {
  CoarseTime ends;     // leeway included
  CoarseTime warn_at;  // never: not, or not again
};

[[nodiscard]] TokenTerm token_term(const auth::Claims& claims, const config::AuthConfig& config,
                                   WallTime wall, TimePoint now) noexcept;

/// Whole seconds to `exp`, at least 0.
[[nodiscard]] std::int64_t seconds_left(const TokenTerm& term, const config::AuthConfig& config,
                                        TimePoint now) noexcept;

}  // namespace outcry::gateway
