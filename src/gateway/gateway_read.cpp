// The gateway's part in reading: what a room was told, for those who have no socket in it.
#include <algorithm>
#include <utility>

#include "base/json_text.h"
#include "gateway/gateway.h"
#include "gateway/gateway_timers.h"
#include "protocol/socketio/packet.h"

namespace outcry::gateway {
namespace {

/// From its frames, which are all that is kept of it.
RoomEvents::Event as_read(const PastEvent& event) {
  RoomEvents::Event out;
  const transport::Frame& own = *event.frames.own;
  const std::string_view quoted = event.frames.position();
  out.offset = quoted.substr(1, quoted.size() - 2);
  std::string text(own.text().substr(1));  // behind Engine.IO's type
  text.erase(text.size() - 1 - own.trailer().size(), own.trailer().size());
  const auto packet = socketio::decode_packet(text, {});
  if (!packet) return out;
  out.event = socketio::event_name(*packet);
  const std::string_view list = packet->data;
  json::ArrayReader arguments(list);
  (void)arguments.next();  // the name
  while (const auto argument = arguments.next()) {
    if (!out.arguments.empty()) out.arguments += ',';
    out.arguments += *argument;
  }
  return out;
}

}  // namespace

Result<RoomEvents> Gateway::read_room(const RoomQuery& query) {
  const auto namespace_id = rules_.namespace_id(query.namespace_name);
  if (!namespace_id) return fail(ReadError::unknown_namespace);
  std::optional<std::uint64_t> seen;
  if (!query.since.empty()) {
    const auto position = eventlog::parse_position(query.since);
    if (position) seen = history_.seen_by(*position);
    if (!seen) return fail(ReadError::bad_position);
  }
  std::vector<MissedEvent> found;  // newest first
  RoomRecord& room = rooms_.find_or_make(*namespace_id, query.room);
  bool all = true;
  if (seen) {
    all = history_.collect(room, *seen, config_.recovery.events_max, found);
  } else {
    history_.last(room, query.last, found);
  }
  rooms_.release(room);
  if (!all) return fail(ReadError::too_old);
  std::ranges::reverse(found);
  RoomEvents out{.events = {}, .offset = to_string(history_.position()), .more = false};
  if (found.size() > query.events_max) {
    found.resize(query.events_max);
    out.more = true;
  }
  for (const MissedEvent& one : found) out.events.push_back(as_read(one.event));
  if (out.more) out.offset = out.events.back().offset;
  return out;
}

}  // namespace outcry::gateway
