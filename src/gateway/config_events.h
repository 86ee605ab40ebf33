// gateway/config_events.h — what [events] says of single events, judged together.
#pragma once

#include "gateway/config.h"

namespace outcry::gateway {

/// What keeps those keys from being used; empty: nothing.
[[nodiscard]] Strings events_problems(const Config& config);

}  // namespace outcry::gateway
