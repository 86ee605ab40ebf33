// config/events.h — what [events] says of single events, judged together.
#pragma once

#include "config/config.h"

namespace outcry::config {

/// What keeps those keys from being used; empty: nothing.
[[nodiscard]] Strings events_problems(const Config& config);

}  // namespace outcry::config
