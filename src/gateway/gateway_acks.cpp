// The gateway's part in acknowledging: how far users have had what, and what they get again.
//
//   ack_events         ─▶ CursorMove ─▶ everything behind it comes again at the next join
//   callback of events ─▶ AckMove    ─▶ such events behind it do, and when a socket comes back
#include <algorithm>
#include <limits>
#include <utility>

#include <fmt/format.h>

#include "gateway/gateway.h"

namespace outcry::gateway {
namespace {

// Of an outbox's share for what is replayed: beside these comes the rest of it.
constexpr std::size_t kUnacknowledgedShare = 2;

}  // namespace

std::string Gateway::cursor_room(const rooms::Room& room) const {
  return fmt::format("{}\n{}", config_.socketio.namespaces[room.namespace_id()], room.name());
}

/// Under which a user's cursor for callbacks is kept beside the other: no namespace begins so.
std::string Gateway::ack_room(const rooms::Room& room) const {
  return "ack\n" + cursor_room(room);
}

/// One that isn't taken costs a repetition after a crash.
void Gateway::save_cursor(Reader reader, std::string room_key, std::uint64_t number) {
  eventlog::LogSink* log = log_.sink();
  if (log == nullptr) return;
  (void)log->add(eventlog::StoredCursor{.user = std::move(reader.user),
                                        .room_key = std::move(room_key),
                                        .device = std::move(reader.device),
                                        .number = number,
                                        .at = wall_now()});
}

void Gateway::take(std::unique_ptr<CursorMove> move) {
  const auto seen = history_.seen_by(move->position);
  const RoomRecord* room = rooms_.find(move->namespace_id, move->room);
  if (!seen || room == nullptr) return;
  std::string room_key = cursor_room(*room->room);
  if (!cursors_.move(move->reader, room_key, *seen)) return;
  save_cursor(std::move(move->reader), std::move(room_key), move->position.durable);
}

/// Whoever has no cursor hasn't joined the room, or was forgotten for want of room.
void Gateway::take(std::unique_ptr<AckMove> move) {
  std::string room_key = ack_room(*move->room);
  if (!cursors_.find(move->reader, room_key)) return;
  if (!cursors_.move(move->reader, room_key, move->released)) return;
  save_cursor(std::move(move->reader), std::move(room_key), move->number);
}

/// For who comes into a room: a cursor from which on he acknowledges, if he has none. It is in the
/// log's queue ahead of every event that he will get, so it is on disk before he gets one.
/// `beside`: what he is sent anyway.
Unacknowledged Gateway::unacknowledged_at_join(const RoomRecord& room, const Reader& reader,
                                               const std::vector<transport::SharedFrame>& beside) {
  Unacknowledged out;
  std::string room_key = ack_room(*room.room);
  if (cursors_.find(reader, room_key)) {
    repeat_unacknowledged(room, reader, std::numeric_limits<std::uint64_t>::max(), out);
    std::erase_if(out.frames, [&beside](const transport::SharedFrame& frame) {
      return std::ranges::find(beside, frame.get(), &transport::SharedFrame::get) != beside.end();
    });
  } else if (cursors_.move(reader, room_key, history_.position().released)) {
    save_cursor(reader, std::move(room_key), history_.position().durable);
  }
  return out;
}

/// Appends what this reader has not acknowledged of what the room got until then. What he has said
/// to have had by `ack_events` isn't among it.
void Gateway::repeat_unacknowledged(const RoomRecord& room, const Reader& reader,
                                    std::uint64_t until, Unacknowledged& out) {
  const std::string room_key = ack_room(*room.room);
  const auto cursor = cursors_.find(reader, room_key);
  if (!cursor) return;
  const std::uint64_t said = cursors_.find(reader, cursor_room(*room.room)).value_or(0);
  ReplayLimits limits = replay_limits();
  limits.part_events_max = config_.recovery.unacknowledged_max;
  limits.part_bytes_max /= kUnacknowledgedShare;
  ReplayPart part = replay_.to_acknowledge(room, std::max(*cursor, said), until, limits);
  if (part.frames.empty()) return;
  if (!cursors_.repeat(reader, room_key, history_.position().released)) return;
  std::ranges::move(part.frames, std::back_inserter(out.frames));
  out.more = out.more || part.more;
}

}  // namespace outcry::gateway
