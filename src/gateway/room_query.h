// gateway/room_query.h — GET …/rooms/{room}/events: what is asked, and what is answered.
//
// One form for both ports: the operations API asks as a back end, a client with its token.
// Pure. Thread: any.
#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "gateway/operations.h"

namespace outcry::gateway {

/// `query`: namespace, since or last, limit (docs/reference/http-api.md). The error is for people.
[[nodiscard]] std::expected<RoomQuery, std::string> room_query(std::string_view room,
                                                               std::string_view query);

/// `{"events":[{"event":…,"arguments":[…],"offset":…}],"offset":…,"more":…}` and a line's end.
[[nodiscard]] std::string to_json(const RoomEvents& found);

}  // namespace outcry::gateway
