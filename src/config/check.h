// config/check.h — the rules that a value alone can't break: what may go into production.
#pragma once

#include "config/config.h"

namespace outcry::config {

/// Shortest API key outside of development.
inline constexpr std::size_t kApiKeyBytesMin = 16;

/// What is wrong, one line each, naming the key, the limit and the remedy. A development run may
/// have weak or missing secrets and "*" as an origin.
[[nodiscard]] Strings config_problems(const Config& config, bool development);

}  // namespace outcry::config
