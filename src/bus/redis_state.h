// bus/redis_state.h — what readiness is told about a connection to Redis.
#pragma once

#include <string>
#include <system_error>

#include "base/clock.h"

namespace outcry::bus {

struct RedisState {
  bool connected = false;  // a subscriber: all its subscriptions are confirmed
  TimePoint since;         // when `connected` became what it is
  std::error_code error;  // why it isn't connected (RedisError); none before the first attempt ends
  std::string reason;     // the same for people; names no secret
};

}  // namespace outcry::bus
