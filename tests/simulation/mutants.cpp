// What each mutant does. The linker (--wrap) gives the product's callers these functions in place
// of the ones that they name, and leaves those to these: tests/CMakeLists.txt has their symbols.
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <sys/uio.h>
#include <utility>

#include "gateway/recent_ids.h"
#include "gateway/replay.h"
#include "gateway/room_table.h"
#include "mutant.h"
#include "net/tcp.h"
#include "rooms/hub.h"
#include "transport/engine_session.h"
#include "transport/frame.h"

#define REAL(symbol) __asm__("__real_" symbol)
#define WRAP(symbol) __asm__("__wrap_" symbol)

namespace outcry::simulation {
namespace {

using gateway::RecentIds;
using gateway::Replay;
using gateway::ReplayLimits;
using gateway::ReplayPart;
using gateway::RoomRecord;
using gateway::RoomTable;
using transport::EngineSession;
using transport::Sent;
using transport::SharedFrame;

/// Rooms that are to hear of a client, when the control thread has done one more task.
struct Grant {
  RoomTable* rooms;
  NamespaceId namespace_id;
  std::string room;
  WorkerId worker;
};
thread_local std::deque<Grant> t_grants;
thread_local std::size_t t_old_grants = 0;
thread_local SharedFrame t_connect;
thread_local rooms::RoomRef t_joined;

}  // namespace

// ---- Coming back ----

std::optional<ReplayPart> real_for_socket(Replay*, NamespaceId, std::span<const std::string>,
                                          std::string_view, std::uint64_t, const ReplayLimits&)
    REAL(OUTCRY_FOR_SOCKET);
std::optional<ReplayPart> for_socket(Replay*, NamespaceId, std::span<const std::string>,
                                     std::string_view, std::uint64_t, const ReplayLimits&)
    WRAP(OUTCRY_FOR_SOCKET);

std::optional<ReplayPart> for_socket(Replay* self, NamespaceId namespace_id,
                                     std::span<const std::string> rooms, std::string_view sid,
                                     std::uint64_t seen, const ReplayLimits& limits) {
  if (t_mutant == Mutant::replay_skips_one) ++seen;
  if (t_mutant == Mutant::replay_repeats_one && seen > 0) --seen;
  auto part = real_for_socket(self, namespace_id, rooms, sid, seen, limits);
  if (part && t_mutant == Mutant::no_hold_back) part->more = false;
  return part;
}

void real_tell_when_drained(EngineSession*) noexcept REAL(OUTCRY_TELL_WHEN_DRAINED);
void tell_when_drained(EngineSession*) noexcept WRAP(OUTCRY_TELL_WHEN_DRAINED);

void tell_when_drained(EngineSession* self) noexcept {
  if (t_mutant != Mutant::forgets_the_rest) real_tell_when_drained(self);
}

// ---- Rooms ----

void real_granted(RoomTable*, RoomRecord&, WorkerId) REAL(OUTCRY_GRANTED);
void granted(RoomTable*, RoomRecord&, WorkerId) WRAP(OUTCRY_GRANTED);

void granted(RoomTable* self, RoomRecord& record, WorkerId worker) {
  if (t_mutant != Mutant::late_grant) return real_granted(self, record, worker);
  t_grants.push_back({self, record.room->namespace_id(), std::string(record.room->name()), worker});
}

void after_control_task() {
  for (; t_old_grants > 0; --t_old_grants) {
    const Grant grant = std::move(t_grants.front());
    t_grants.pop_front();
    RoomRecord& record = grant.rooms->find_or_make(grant.namespace_id, grant.room);
    real_granted(grant.rooms, record, grant.worker);
  }
  t_old_grants = t_grants.size();
}

rooms::Change real_join(rooms::Hub*, SessionId, const rooms::RoomRef&) REAL(OUTCRY_JOIN);
rooms::Change join(rooms::Hub*, SessionId, const rooms::RoomRef&) WRAP(OUTCRY_JOIN);

rooms::Change join(rooms::Hub* self, SessionId session, const rooms::RoomRef& room) {
  if (t_mutant == Mutant::mixes_rooms) {
    if (t_joined) (void)real_join(self, session, t_joined);
    t_joined = room;
  }
  return real_join(self, session, room);
}

void forget_node() {
  t_grants.clear();
  t_joined = {};
  t_old_grants = 0;
  t_connect = {};
}

// ---- What was published ----

void real_remember(RecentIds*, const TextDigest&, const eventlog::Position&) REAL(OUTCRY_REMEMBER);
void remember(RecentIds*, const TextDigest&, const eventlog::Position&) WRAP(OUTCRY_REMEMBER);

void remember(RecentIds* self, const TextDigest& id, const eventlog::Position& position) {
  if (t_mutant != Mutant::forgets_ids) real_remember(self, id, position);
}

// ---- The way to a client ----

Sent real_send(EngineSession*, SharedFrame) REAL(OUTCRY_SEND);
Sent send(EngineSession*, SharedFrame) WRAP(OUTCRY_SEND);

Sent send(EngineSession* self, SharedFrame frame) {
  if (t_mutant != Mutant::connect_last) return real_send(self, std::move(frame));
  if (frame->text().starts_with("40{")) {
    t_connect = std::move(frame);
    return Sent::queued;
  }
  const Sent sent = real_send(self, std::move(frame));
  if (t_connect) (void)real_send(self, std::exchange(t_connect, {}));
  return sent;
}

Result<std::size_t> real_write_some(int, std::span<const iovec>) noexcept REAL(OUTCRY_WRITE_SOME);
Result<std::size_t> write_some(int, std::span<const iovec>) noexcept WRAP(OUTCRY_WRITE_SOME);

Result<std::size_t> write_some(int fd, std::span<const iovec> parts) noexcept {
  const auto sent = real_write_some(fd, parts);
  if (t_mutant != Mutant::short_write_for_whole || !sent || *sent == 0) return sent;
  std::size_t bytes = 0;
  for (const iovec& part : parts) bytes += part.iov_len;
  return bytes;
}

}  // namespace outcry::simulation
