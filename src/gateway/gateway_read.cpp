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

// ---- By clients, over HTTP ----

void Gateway::take(std::unique_ptr<RoomRead> read) {
  if (!read->question) return answer_read(*read, !read->refused);
  store::AccessQuestion question = *read->question;
  gatekeeper_->ask(std::move(question), [this, read = std::move(read)](Result<bool> allowed) {
    answer_read(*read, allowed);
    wake_workers_later();
  });
}

void Gateway::answer_read(const RoomRead& read, const Result<bool>& allowed) {
  auto answer = std::make_unique<RoomReadAnswer>(RoomReadAnswer{
      .connection = read.connection, .refused = {}, .user = read.user, .room = read.query.room});
  if (const auto banned = guard_.banned(read.party, steady_now())) {
    ++stats_.reads_denied;
    answer->refused = Code::banned;
    answer->retry_after = banned->retry_after;
  } else if (!allowed) {
    ++stats_.reads_unavailable;
    answer->refused = Code::unavailable;
  } else if (!*allowed) {
    ++stats_.reads_denied;
    answer->refused = read.refused.value_or(Code::forbidden);
    answer->retry_after =
        guard_.refused({.user = read.user, .address = read.address}, steady_now());
  } else {
    ++stats_.reads_granted;
    answer->found = read_room(read.query);
  }
  workers_.post(read.worker, std::move(answer));
}

}  // namespace outcry::gateway
