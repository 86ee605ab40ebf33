#include "gateway/room_query.h"

#include <utility>

#include <fmt/format.h>

#include "base/json_text.h"
#include "protocol/http/target.h"

namespace outcry::gateway {
namespace {

constexpr std::size_t kEventsMax = 1'000;
constexpr std::size_t kRoomBytesMax = 256;

}  // namespace

std::expected<RoomQuery, std::string> room_query(std::string_view room, std::string_view query) {
  RoomQuery out{.room = std::string(room)};
  if (room.size() > kRoomBytesMax) {
    return std::unexpected(fmt::format("a room's name has at most {} bytes", kRoomBytesMax));
  }
  if (auto name = http::find_parameter(query, "namespace")) out.namespace_name = *std::move(name);
  const auto since = http::find_parameter(query, "since");
  if (since && http::find_parameter(query, "last")) {
    return std::unexpected("since and last exclude each other");
  }
  if (since && since->empty()) return std::unexpected("since is empty");
  out.since = since.value_or(std::string());
  const auto last = http::count_parameter(query, "last", out.last, kEventsMax);
  if (!last) return std::unexpected(last.error());
  const auto limit = http::count_parameter(query, "limit", out.events_max, kEventsMax);
  if (!limit) return std::unexpected(limit.error());
  out.last = *last;
  out.events_max = *limit;
  return out;
}

std::string to_json(const RoomEvents& found) {
  std::string out = R"({"events":[)";
  for (const RoomEvents::Event& event : found.events) {
    if (&event != &found.events.front()) out += ',';
    out += R"({"event":)";
    json::append_quoted(out, event.event);
    out += fmt::format(R"(,"arguments":[{}],"offset":"{}"}})", event.arguments, event.offset);
  }
  out += fmt::format(R"(],"offset":"{}","more":{}}})", found.offset, found.more);
  return out + "\n";
}

}  // namespace outcry::gateway
