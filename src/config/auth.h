// config/auth.h — [auth], ready to verify tokens with.
#pragma once

#include <vector>

#include "auth/token_verifier.h"
#include "config/config.h"

namespace outcry::config {

/// The keys that the configuration names, with their files read now; without those of a URL.
/// Throws ConfigError.
[[nodiscard]] std::vector<auth::Key> token_keys(const AuthConfig& config);

[[nodiscard]] auth::TokenPolicy token_policy(const Config& config);

/// What is wrong with [auth], one line for each problem; see config_problems().
[[nodiscard]] Strings auth_problems(const AuthConfig& config, bool development);

}  // namespace outcry::config
