// ClientSession's part in coming back: what it was, and what it missed, before anything new.
#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/json_text.h"
#include "gateway/client_session.h"
#include "gateway/room_question.h"

namespace outcry::gateway {
namespace {

// One signed grant; who sends more than that has no join worth holding.
constexpr std::size_t kHeldBytesMax = 16'384;

}  // namespace

void ClientSession::claim() {
  const ReturnOffer& offer = return_->offer;
  auto claim = std::make_unique<ReturnClaim>(
      ReturnClaim{.worker = context_.worker, .session = id_, .offer = offer, .reader = reader()});
  for (const std::string& room : offer.socket.rooms) {
    // One that no template describes was a publisher's doing, who needs no leave.
    const auto match = context_.rules.rooms.match(room);
    claim->forbidden = claim->forbidden || (match && refusal(*match, room, {}));
    auto question = match ? question_for(*match, namespace_id_, room, user_) : std::nullopt;
    claim->rooms.push_back({.room = room, .question = std::move(question)});
  }
  return_->asking = true;
  context_.control.send(std::move(claim));
}

void ClientSession::resume(ReturnAnswer answer, bool greets) {
  if (!return_->connected) begin_again(answer, greets);
  return_->asking = false;
  if (std::exchange(return_->removed, false)) {
    // Among it may be what came for that room after the right had ended.
    answer.unacknowledged = {};
    answer.missed.clear();
    answer.more = false;
    answer.resync = Resync::forbidden;
  }
  send_again(answer.unacknowledged);
  for (const transport::SharedFrame& frame : answer.missed) {
    engine_.send(frame);
    if (const EventMark* mark = EventMark::of(*frame)) on_marked(*mark);
  }
  return_->offer.seen = answer.seen;
  if (answer.more) return engine_.tell_when_drained();
  if (answer.resync != Resync::none) {
    // It has been told that it is what it was; that it lacks something it must hear as well.
    send_position(answer.position);
    send_resync(answer.resync);
  }
  finish_return();
}

/// CONNECT comes before what was missed: a stock client keeps events that come earlier over a
/// connection that breaks in between, and would show them again when they are sent again.
void ClientSession::begin_again(const ReturnAnswer& answer, bool greets) {
  return_->connected = true;
  return_->greets = greets;
  for (const rooms::RoomRef& room : answer.rooms) {
    context_.hub.join(id_, room);
    ask_again_about(room);
  }
  record(audit::Kind::resume, {.rooms = return_->offer.socket.rooms});
  send_connect(return_->offer.pid);
  ++context_.stats.recoveries;
}

void ClientSession::on_drained() {
  note_sent();
  if (!return_ || !return_->connected || return_->asking) return;
  return_->asking = true;
  context_.control.send(std::make_unique<ReturnClaim>(ReturnClaim{
      .worker = context_.worker, .session = id_, .offer = return_->offer, .continues = true}));
}

void ClientSession::finish_return() {
  const std::unique_ptr<Return> back = std::move(return_);
  if (back->greets) greet();
  for (ClientCommand& wanted : back->held) run(std::move(wanted));
}

void ClientSession::hold(ClientCommand wanted) {
  const bool full = return_->held.size() >= context_.rules.config.socketio.pending_joins_max;
  if (full || wanted.grant.size() > kHeldBytesMax) {
    return refuse(
        {.code = Code::too_many_requests, .command = wanted.command, .object_id = wanted.object_id},
        wanted.ack_id);
  }
  return_->held.push_back(std::move(wanted));
}

ParkedSocket ClientSession::parked() const {
  if (return_) return return_->offer.socket;
  ParkedSocket out{.sid = std::string(sid()), .user = user_, .namespace_id = namespace_id_};
  context_.hub.for_each_room(id_, [&](const rooms::Room& room) {
    if (room.name() != sid()) out.rooms.emplace_back(room.name());
  });
  return out;
}

/// `room`: the only one that is to be loaded anew; empty: everything is.
void ClientSession::send_resync(Resync reason, std::string_view room) {
  record(audit::Kind::resync, {"reason", name_of(reason), room});
  std::string payload = fmt::format(R"({{"reason":"{}")", name_of(reason));
  if (!room.empty()) {
    payload += R"(,"room":)";
    json::append_quoted(payload, room);
  }
  send_event("resync_required", payload + "}");
}

void ClientSession::send_position(const eventlog::Position& position) {
  std::string packet = "4";
  socketio::append_event(packet, {.namespace_name = namespace_name(),
                                  .event = context_.rules.config.recovery.position_event});
  send_with_position(std::move(packet), position);
}

}  // namespace outcry::gateway
