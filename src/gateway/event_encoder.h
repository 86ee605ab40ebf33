// gateway/event_encoder.h — a publication as the frames that clients get: encoded once, under its
// own name and under each alias, so that both generations of front ends hear it.
// Pure. Thread: any.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bus/publication.h"
#include "gateway/config.h"
#include "transport/frame.h"

namespace outcry::gateway {

/// Appends the event under its own name, then under each alias. `ack_id` asks each client for an
/// acknowledgement; it is put under the event's own name only. `scratch` is written over: a caller
/// that keeps it saves allocations.
void encode_event(const bus::Publication& publication, const Strings& aliases,
                  std::optional<std::uint64_t> ack_id, std::string& scratch,
                  std::vector<transport::SharedFrame>& out);

}  // namespace outcry::gateway
