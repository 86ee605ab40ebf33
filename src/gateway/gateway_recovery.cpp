// The gateway's part in clients that come back.
//
//   worker   ─▶ AdmitRequest {pid, offset} ─▶ parked? else Reclaim ─▶ whoever has it still ─▶
//   Reclaimed control  ─▶ AdmitAnswer {offer: rooms} ─▶ the asking worker looks at its policies ─▶
//   ReturnClaim control  ─▶ asks about the rooms, once more ─▶ ReturnAnswer {what was missed}
//
// Everything in it or nothing: a socket that can't have all its rooms and all that it missed is a
// new one, and its client is told to load its state anew. What was missed goes out in parts, each
// once the part before it has left; meanwhile the socket is a member of its rooms whose events are
// not delivered but come with the next part.
#include <algorithm>
#include <bit>
#include <limits>
#include <utility>

#include "base/log.h"
#include "gateway/gateway.h"
#include "gateway/gateway_timers.h"

namespace outcry::gateway {
namespace {

/// A part of what a client gets again must fit into its outbox, beside answers to what it asks.
constexpr std::size_t kOutboxShare = 2;

bool in_any(const std::vector<std::string>& rooms, const std::shared_ptr<const Strings>& of) {
  return of && std::ranges::any_of(*of, [&rooms](const std::string& room) {
           return std::ranges::find(rooms, room) != rooms.end();
         });
}

}  // namespace

// ---- Coming ----

void Gateway::take(AdmitRequest request) {
  if (const auto refusal = admission_.admit(request.party)) {
    auto answer = std::make_unique<AdmitAnswer>(
        AdmitAnswer{.engine = request.engine,
                    .party = request.party,
                    .retry_after_ms = static_cast<std::uint32_t>(refusal->retry_after.count()),
                    .refused = code_for_limit(refusal->limit),
                    .namespace_id = request.namespace_id});
    workers_.post(request.worker, std::move(answer));
    return;
  }
  if (request.returning) return begin_return(std::move(request));
  admit(request, Resync::none, nullptr);
}

void Gateway::admit(const AdmitRequest& request, Resync resync,
                    std::unique_ptr<ReturnOffer> offer) {
  if (resync != Resync::none) ++stats_.resyncs[static_cast<std::size_t>(resync)];
  auto answer = std::make_unique<AdmitAnswer>(AdmitAnswer{.engine = request.engine,
                                                          .party = request.party,
                                                          .refused = std::nullopt,
                                                          .namespace_id = request.namespace_id,
                                                          .resync = resync,
                                                          .position = history_.position(),
                                                          .offer = std::move(offer)});
  workers_.post(request.worker, std::move(answer));
}

void Gateway::begin_return(AdmitRequest request) {
  const auto named = rules_.recovery_ids.read(request.returning->pid);
  if (!named) return admit(request, Resync::expired, nullptr);
  if (auto socket = parked_.take(named->sid, steady_now())) {
    return offer(request, *std::move(socket));
  }
  // The client noticed sooner than we did: its old connection is still taken to be alive.
  const RoomRecord* own = rooms_.find(request.namespace_id, named->sid);
  WorkerSet where = own == nullptr ? 0 : own->present;
  if (where == 0 && named->worker < workers_.size()) where = WorkerSet{1} << named->worker;
  const bool is_first = !returns_.contains(named->sid);
  if (where == 0 || !is_first) return admit(request, Resync::expired, nullptr);
  for (WorkerSet left = where; left != 0; left &= left - 1) {
    auto reclaim =
        std::make_unique<Reclaim>(Reclaim{.namespace_id = request.namespace_id,
                                          .sid = named->sid,
                                          .own_room = own == nullptr ? 0 : own->room->number()});
    workers_.post(static_cast<WorkerId>(std::countr_zero(left)), std::move(reclaim));
  }
  returns_.emplace(named->sid, Return{.request = std::move(request),
                                      .socket = std::nullopt,
                                      .missing = std::popcount(where)});
}

void Gateway::take(std::unique_ptr<Reclaimed> reclaimed) {
  const auto found = returns_.find(reclaimed->sid);
  if (found == returns_.end()) return;
  Return& waiting = found->second;
  if (reclaimed->socket) waiting.socket = std::move(reclaimed->socket);
  if (--waiting.missing > 0) return;
  Return back = std::move(waiting);
  returns_.erase(found);
  // It may have ended by itself while it was being asked for.
  if (!back.socket) back.socket = parked_.take(reclaimed->sid, steady_now());
  if (!back.socket) return admit(back.request, Resync::expired, nullptr);
  offer(back.request, *std::move(back.socket));
}

void Gateway::offer(const AdmitRequest& request, ParkedSocket socket) {
  const Returning& returning = *request.returning;
  if (socket.user != returning.user || socket.namespace_id != request.namespace_id) {
    parked_.park(std::move(socket), steady_now());  // whoever asks, it isn't his
    return admit(request, Resync::expired, nullptr);
  }
  const auto position = eventlog::parse_position(returning.offset);
  const auto seen = position ? history_.seen_by(*position) : std::nullopt;
  if (!seen) {
    forget_socket(socket.sid);
    return admit(request, Resync::position, nullptr);
  }
  admit(request, Resync::none,
        std::make_unique<ReturnOffer>(
            ReturnOffer{.socket = std::move(socket), .seen = *seen, .pid = returning.pid}));
}

// ---- Its rights, and what it missed ----

void Gateway::take(std::unique_ptr<ReturnClaim> claim) {
  if (claim->forbidden) return finish_return(*claim, Resync::forbidden);
  struct Questions {
    std::unique_ptr<ReturnClaim> claim;
    std::size_t missing = 1;  // itself, until all are asked
    Resync verdict = Resync::none;
  };
  auto questions = std::make_shared<Questions>();
  questions->claim = std::move(claim);
  const auto answered = [this](const std::shared_ptr<Questions>& asked, Result<bool> allowed) {
    if (!allowed) {
      asked->verdict = Resync::unavailable;
    } else if (!*allowed) {
      asked->verdict = Resync::forbidden;
    }
    if (--asked->missing > 0) return;
    finish_return(*asked->claim, asked->verdict);
    wake_workers_later();
  };
  for (RoomClaim& room : questions->claim->rooms) {
    if (!room.question) continue;
    ++questions->missing;
    gatekeeper_->ask(*std::move(room.question),
                     [answered, questions](Result<bool> allowed) { answered(questions, allowed); });
  }
  answered(questions, true);
}

void Gateway::finish_return(const ReturnClaim& claim, Resync verdict) {
  const ParkedSocket& socket = claim.offer.socket;
  auto answer = std::make_unique<ReturnAnswer>(ReturnAnswer{.session = claim.session});
  std::vector<RoomRecord*> rooms;
  for (const std::string& room : socket.rooms) {
    rooms.push_back(&rooms_.find_or_make(socket.namespace_id, room));
  }
  rooms.push_back(&rooms_.find_or_make(socket.namespace_id, socket.sid));
  if (verdict == Resync::none && !collect_missed(claim, rooms, *answer)) verdict = Resync::too_old;
  answer->resync = verdict;
  answer->position = history_.position();
  for (RoomRecord* room : rooms) {
    if (verdict == Resync::none && !claim.continues) {
      // From here on events follow the answer to that worker.
      rooms_.granted(*room, claim.worker);
      answer->rooms.push_back(room->room);
    } else {
      rooms_.release(*room);
    }
  }
  if (verdict != Resync::none) {
    ++stats_.resyncs[static_cast<std::size_t>(verdict)];
    if (!claim.continues) forget_socket(socket.sid);
  }
  workers_.post(claim.worker, std::move(answer));
}

/// What was missed, as much of it as an outbox takes. False if some is gone, or it is too much.
bool Gateway::collect_missed(const ReturnClaim& claim, const std::vector<RoomRecord*>& rooms,
                             ReturnAnswer& answer) {
  const ReturnOffer& offer = claim.offer;
  std::vector<MissedEvent> missed;
  const std::size_t most = claim.continues ? std::numeric_limits<std::size_t>::max()
                                           : std::size_t{config_.recovery.events_max};
  const auto collect = [&](const RoomRecord& room) {
    if (!history_.collect(room, offer.seen, most, missed)) return false;
    Snapshots::collect(room, offer.seen, missed);
    return missed.size() <= most;
  };
  RoomRecord& everyone = rooms_.find_or_make(offer.socket.namespace_id, {});
  const bool all = collect(everyone) && std::ranges::all_of(rooms, [&](const RoomRecord* room) {
                     return collect(*room);
                   });
  rooms_.release(everyone);
  if (!all) return false;
  // One event may have been for several of its rooms.
  std::ranges::sort(missed, {}, &MissedEvent::released);
  const auto repeated = std::ranges::unique(missed, {}, &MissedEvent::released);
  missed.erase(repeated.begin(), repeated.end());
  std::size_t bytes = 0;
  answer.seen = history_.position().released;
  for (const MissedEvent& one : missed) {
    if (in_any(offer.socket.rooms, one.event.except)) continue;
    bytes += one.event.frames.bytes();
    const std::uint64_t before =
        one.released - (one.event.names_count ? one.event.frames.names() : 1);
    if (bytes > config_.engine.outbox_bytes_max / kOutboxShare && !answer.missed.empty()) {
      answer.seen = before;
      answer.more = true;
      break;
    }
    std::uint64_t number = before;
    one.event.frames.for_each([&](const transport::SharedFrame& frame) {
      const bool had = one.event.names_count && ++number <= offer.seen;
      if (!had) answer.missed.push_back(frame);
    });
  }
  return true;
}

// ---- Going ----

void Gateway::take(std::unique_ptr<SocketParked> parked) {
  parked_.park(std::move(parked->socket), steady_now());
}

void Gateway::take(const SocketChange& change) {
  // One that isn't taken costs its client a fresh start after a crash.
  if (eventlog::LogSink* log = log_.sink()) (void)log->add(std::move(*change));
}

void Gateway::forget_socket(std::string_view sid) {
  if (eventlog::LogSink* log = log_.sink()) {
    (void)log->add(eventlog::SessionEnded{std::string(sid)});
  }
}

/// Sockets of the run before: their clients come back to this one.
void Gateway::load_sockets(std::vector<eventlog::StoredSession> sockets, milliseconds ago) {
  const TimePoint lost = steady_now() - std::max(ago, milliseconds::zero());
  for (eventlog::StoredSession& stored : sockets) {
    const auto namespace_id = rules_.namespace_id(stored.namespace_name);
    if (!namespace_id || !config_.recovery.enabled) {
      forget_socket(stored.sid);
      continue;
    }
    parked_.park({.sid = std::move(stored.sid),
                  .user = std::move(stored.user),
                  .namespace_id = *namespace_id,
                  .rooms = std::move(stored.rooms)},
                 lost);
  }
}

}  // namespace outcry::gateway
