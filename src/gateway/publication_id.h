// gateway/publication_id.h — what tells one publication from another.
//
//   {"id":"risk-991",…}, Idempotency-Key      that, whatever it is about
//   ["risk_alert",{"event_id":"991",…}]       of what happened: with its name and rooms one event's
//
// Pure. Thread: any.
#pragma once

#include <string>
#include <string_view>

#include "bus/publication.h"
#include "config/config.h"
#include "eventlog/stored.h"

namespace outcry::gateway {

/// Empty if it has none. `id_member`: events.id_member.
[[nodiscard]] std::string publication_id(const bus::Publication& publication,
                                         const std::string& id_member);
/// The same for what has become of one.
[[nodiscard]] std::string publication_id(const eventlog::StoredEvent& stored,
                                         const std::string& id_member);

/// That of an event whose payload says `own`.
[[nodiscard]] std::string payload_id(std::string_view own, std::string_view event,
                                     std::string_view namespace_name, const config::Strings& rooms);

}  // namespace outcry::gateway
