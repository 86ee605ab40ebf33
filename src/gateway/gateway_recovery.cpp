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

constexpr std::size_t kOutboxShare = 2;
/// A worker claims an offer within a turn; the questions about its rooms have time limits.
constexpr std::chrono::minutes kOfferLife{5};

}  // namespace

// ---- Coming ----

void Gateway::take(AdmitRequest request) {
  auto refusal = guard_.banned(request.party, steady_now());
  if (!refusal) refusal = admission_.admit(request.party);
  if (refusal) {
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
  if (const auto waiting = returns_.find(named->sid); waiting != returns_.end()) {
    // Of its connections the newest counts; the one before is gone, whoever knows it already.
    const AdmitRequest older = std::exchange(waiting->second.request, std::move(request));
    return admit(older, Resync::expired, nullptr);
  }
  if (auto socket = parked_.take(named->sid, steady_now())) {
    return offer(request, *std::move(socket));
  }
  if (offered_.contains(named->sid)) {  // to the connection before this one
    returns_.emplace(named->sid, Return{.request = std::move(request), .socket = std::nullopt});
    return;
  }
  // The client noticed sooner than we did: its old connection is still taken to be alive.
  const RoomRecord* own = rooms_.find(request.namespace_id, named->sid);
  WorkerSet where = own == nullptr ? 0 : own->present;
  if (where == 0 && named->worker < workers_.size()) where = WorkerSet{1} << named->worker;
  if (where == 0) return admit(request, Resync::expired, nullptr);
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
  back.socket->forbidden = back.socket->forbidden || back.forbidden;
  offer(back.request, *std::move(back.socket));
}

void Gateway::offer(const AdmitRequest& request, ParkedSocket socket) {
  const Returning& returning = *request.returning;
  if (socket.forbidden && socket.user == returning.user) {
    return admit(request, Resync::forbidden, nullptr);  // it was forgotten when it was forbidden
  }
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
  offered_.insert_or_assign(socket.sid, Offered{.user = socket.user,
                                                .namespace_id = socket.namespace_id,
                                                .rooms = socket.rooms,
                                                .at = steady_now()});
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
  if (!claim.continues) {
    const auto offered = offered_.extract(socket.sid);
    const bool forbidden = offered.empty() || offered.mapped().forbidden;
    if (const auto newer = returns_.extract(socket.sid)) {
      answer->resync = Resync::expired;
      answer->position = history_.position();
      workers_.post(claim.worker, std::move(answer));
      ParkedSocket again = socket;
      again.forbidden = again.forbidden || forbidden;
      return offer(newer.mapped().request, std::move(again));
    }
    if (verdict == Resync::none && forbidden) verdict = Resync::forbidden;
  }
  std::optional<ReplayPart> part;
  if (verdict == Resync::none) {
    ReplayLimits limits = replay_limits();
    if (claim.continues) limits.events_max = std::numeric_limits<std::size_t>::max();
    part =
        replay_.for_socket(socket.namespace_id, socket.rooms, socket.sid, claim.offer.seen, limits);
    if (!part) verdict = Resync::too_old;
  }
  if (part) {
    answer->missed = std::move(part->frames);
    answer->seen = part->seen;
    answer->more = part->more;
    if (!claim.continues) {
      grant_again(claim, *answer);
      for (const rooms::RoomRef& room : answer->rooms) {
        if (!asks_for_acks_) break;
        repeat_unacknowledged(*rooms_.find(*room), claim.reader, claim.offer.seen,
                              answer->unacknowledged);
      }
    }
  } else {
    ++stats_.resyncs[static_cast<std::size_t>(verdict)];
    if (!claim.continues) forget_socket(socket.sid);
  }
  answer->resync = verdict;
  answer->position = history_.position();
  workers_.post(claim.worker, std::move(answer));
}

/// Its rooms; events of theirs that go out from here on follow the answer to that worker.
void Gateway::grant_again(const ReturnClaim& claim, ReturnAnswer& answer) {
  const ParkedSocket& socket = claim.offer.socket;
  const auto grant = [&](const std::string& name) {
    RoomRecord& room = rooms_.find_or_make(socket.namespace_id, name);
    rooms_.granted(room, claim.worker);
    answer.rooms.push_back(room.room);
  };
  std::ranges::for_each(socket.rooms, grant);
  grant(socket.sid);
}

/// A part must fit into its client's outbox, beside answers to what it asks.
ReplayLimits Gateway::replay_limits() const {
  return {.events_max = config_.recovery.events_max,
          .part_events_max = config_.recovery.events_max,
          .part_bytes_max = config_.engine.outbox_bytes_max / kOutboxShare};
}

// ---- Rights that end on the way ----

/// Who is away, or on his way back, has no worker that could remove him.
void Gateway::forbid_returns(NamespaceId namespace_id, const MemberRemoval& removal) {
  for (const std::string& sid : parked_.forbid(namespace_id, removal.room, removal.user)) {
    forget_socket(sid);
  }
  for (auto& [sid, coming] : returns_) {
    const bool his = coming.request.namespace_id == namespace_id &&
                     coming.request.returning->user == removal.user;
    coming.forbidden = coming.forbidden || his;  // in which rooms it is is still to be told
  }
  for (auto& [sid, offered] : offered_) {
    const bool his = offered.namespace_id == namespace_id && offered.user == removal.user &&
                     std::ranges::find(offered.rooms, removal.room) != offered.rooms.end();
    offered.forbidden = offered.forbidden || his;
  }
}

/// Those whose client has gone again before it had its answer.
void Gateway::expire_offers(TimePoint now) {
  std::erase_if(offered_, [&](const auto& one) {
    if (now - one.second.at <= kOfferLife) return false;
    if (const auto waiting = returns_.extract(one.first)) {
      admit(waiting.mapped().request, Resync::expired, nullptr);
    }
    return true;
  });
}

// ---- Going ----

void Gateway::take(std::unique_ptr<SocketParked> parked) {
  const std::string sid = parked->socket.sid;
  const auto offered = offered_.extract(sid);  // its client has gone once more
  if (!offered.empty() && offered.mapped().forbidden) {
    parked->socket.forbidden = true;
    forget_socket(sid);
  }
  parked_.park(std::move(parked->socket), steady_now());
  const auto waiting = returns_.find(sid);
  if (waiting == returns_.end() || waiting->second.missing > 0) return;
  const AdmitRequest request = std::move(waiting->second.request);
  returns_.erase(waiting);
  auto socket = parked_.take(sid, steady_now());
  if (!socket) return admit(request, Resync::expired, nullptr);
  offer(request, *std::move(socket));
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
