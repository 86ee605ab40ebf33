// gateway/event_encoder.h — a publication as the frames that clients get: encoded once, under its
// own name and under each alias, so that both generations of front ends hear it.
// Pure. Thread: any.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bus/publication.h"
#include "gateway/config.h"
#include "transport/frame.h"

namespace outcry::gateway {

/// `ack_id` asks each client for an acknowledgement; it is put under the event's own name only.
[[nodiscard]] std::vector<transport::SharedFrame> encode_event(
    const bus::Publication& publication, const std::map<std::string, Strings>& aliases,
    std::optional<std::uint64_t> ack_id);

}  // namespace outcry::gateway
