// gateway/stored_events.h — events between the forms that they are published and stored in.
// Pure. Thread: any.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/clock.h"
#include "bus/publication.h"
#include "config/config.h"
#include "eventlog/stored.h"
#include "gateway/room_table.h"
#include "gateway/snapshots.h"

namespace outcry::gateway {

[[nodiscard]] eventlog::StoredEvent stored_event(const bus::Publication& publication,
                                                 std::uint64_t number, std::uint8_t retention,
                                                 WallTime now);
[[nodiscard]] bus::Publication publication_of(eventlog::StoredEvent&& stored);

/// `namespaces`: names by number.
[[nodiscard]] eventlog::StoredValue stored_value(const RoomRecord& room,
                                                 const RoomSnapshot::Value& value,
                                                 const config::Strings& namespaces, WallTime now);
/// nullopt if the packet isn't one: the file was changed by others.
[[nodiscard]] std::optional<bus::Publication> publication_of(eventlog::StoredValue&& stored);

}  // namespace outcry::gateway
