// A socket's part in rooms: it asks for them, is let in, leaves and has to leave.
#include <algorithm>
#include <utility>

#include "base/clock.h"
#include "gateway/client_session.h"
#include "gateway/room_admission.h"
#include "gateway/room_question.h"

namespace outcry::gateway {
namespace {

/// Whose wish a change was, for the audit trail.
constexpr std::string_view kClient = "client";
constexpr std::string_view kPublisher = "publisher";

}  // namespace

// ---- Asking ----

void ClientSession::join(ClientCommand wanted) {
  const std::string room = std::string(wanted.command->room_prefix) + wanted.object_id;
  const auto refuse_it = [&](Code code, milliseconds retry_after = {}) {
    refuse({.code = code,
            .command = wanted.command,
            .object_id = wanted.object_id,
            .retry_after = retry_after},
           wanted.ack_id);
  };
  const auto match = context_.rules.rooms.match(room);
  const auto refused = match ? refusal(*match, room, wanted.grant) : Code::forbidden;
  if (refused && *refused == Code::grant_expired) return refuse_it(*refused);
  if (too_busy()) return refuse_it(Code::too_many_requests);
  const auto wait = context_.limits.take_join(user_, steady_now());
  if (wait.count() > 0) return refuse_it(Code::rate_limited, wait);
  if (!refused && has_no_room_for(room)) return refuse_it(Code::too_many_rooms);
  // Also for a member: joining again is how a front end refreshes, and rights may have ended.
  request_join(
      {.room = room,
       .question = refused ? std::nullopt : question_for(*match, namespace_id_, room, user_),
       .replay = std::move(wanted.replay),
       .address = wanted.address,
       .forbidden = refused.has_value()},
      {.command = wanted.command,
       .object_id = std::move(wanted.object_id),
       .ack_id = wanted.ack_id,
       .refused = refused});
}

/// What the room's policy says of this user, without asking anybody else.
std::optional<Code> ClientSession::refusal(const auth::RoomMatch& match, std::string_view room,
                                           std::string_view grant) const {
  RoomAsker asker{.user = user_, .grant = grant};
  if (rights_ && rights_->listing) asker.listed = rights_->listing->rooms;
  return room_refusal(context_.rules, match, room, asker);
}

bool ClientSession::too_busy() const {
  return pending_count() >= context_.rules.config.socketio.pending_joins_max ||
         !context_.control.clear();
}

bool ClientSession::has_no_room_for(std::string_view room) const {
  const std::size_t most = context_.rules.config.socketio.rooms_per_socket_max;
  const bool full = context_.hub.room_count(id_) + pending_count() >= most;
  return full && !context_.hub.find(id_, namespace_id_, room);
}

void ClientSession::request_join(JoinRequest request, PendingJoin pending) {
  pending.ticket = next_ticket_++;
  request.worker = context_.worker;
  request.session = id_;
  request.ticket = pending.ticket;
  request.namespace_id = namespace_id_;
  request.reader = reader();
  request.member = static_cast<bool>(context_.hub.find(id_, namespace_id_, request.room));
  context_.control.send(std::make_unique<JoinRequest>(std::move(request)));
  pending_.push_front(std::move(pending));
}

void ClientSession::on_late_answer(JoinAnswer& answer) {
  const auto found = std::ranges::find(pending_, answer.ticket, &PendingJoin::ticket);
  if (found == pending_.end()) return;
  const bool ends_right = found->refused.value_or(Code::forbidden) == Code::forbidden;
  const rooms::RoomRef room = std::exchange(answer.room, rooms::RoomRef());
  if (room && ends_right) leave(room, "right_ended");
}

std::optional<ClientSession::PendingJoin> ClientSession::take_pending(std::uint32_t ticket) {
  const auto found = std::ranges::find(pending_, ticket, &PendingJoin::ticket);
  if (found == pending_.end()) return std::nullopt;
  std::optional<PendingJoin> out = std::move(*found);
  pending_.remove_if([ticket](const PendingJoin& join) { return join.ticket == ticket; });
  return out;
}

void ClientSession::on_join_answer(JoinAnswer answer) {
  auto found = take_pending(answer.ticket);
  if (!found) return;
  PendingJoin& pending = *found;
  if (answer.verdict != JoinAnswer::Verdict::granted) {
    const bool denied = answer.verdict == JoinAnswer::Verdict::denied;
    const Code code = denied ? pending.refused.value_or(Code::forbidden) : Code::unavailable;
    // A member's right has ended. A store that doesn't answer has said nothing: who is in stays.
    if (code == Code::forbidden && answer.room) leave(answer.room, "right_ended");
    if (pending.command == nullptr) return;
    return refuse({.code = code, .command = pending.command, .object_id = pending.object_id},
                  pending.ack_id);
  }
  ++context_.stats.joins;
  const bool is_new = context_.hub.join(id_, answer.room) != rooms::Change::none;
  if (is_new) {
    ask_again_about(answer.room);
    const std::string_view cause = pending.command == nullptr ? "greeting" : kClient;
    record(audit::Kind::join, {"cause", cause, answer.room->name()});
  }
  if (is_new) note(eventlog::SessionJoined{std::string(sid()), std::string(answer.room->name())});
  // Who was a member has had what is replayed.
  if (is_new) send_again(answer.unacknowledged);
  if (is_new || !answer.replayed) send_frames(answer.frames);
  if (!is_new) answer.resync = Resync::none;
  if (pending.command == nullptr || !is_stored()) return confirm_join(pending, answer);
  answer.frames.clear();
  answer.unacknowledged = {};
  pending.granted = std::make_unique<JoinAnswer>(std::move(answer));
  context_.control.send(
      JoinNoted{.worker = context_.worker, .session = id_, .ticket = pending.ticket});
  pending_.push_front(std::move(pending));
}

void ClientSession::on_join_stored(const JoinStored& stored) {
  const auto pending = take_pending(stored.ticket);
  if (!pending) return;
  pending->granted->position = stored.position;
  confirm_join(*pending, *pending->granted);
}

/// Without their positions, which are older than what the client has had of other rooms: the
/// answer says the position after all of it.
void ClientSession::send_frames(const std::vector<transport::SharedFrame>& frames) {
  for (const transport::SharedFrame& frame : frames) {
    engine_.send_without_trailer(frame);
    if (const EventMark* mark = EventMark::of(*frame)) expect_ack(*mark);
  }
}

void ClientSession::leave(const Command& command, std::string_view object_id,
                          std::optional<std::uint64_t> ack_id) {
  const std::string room = std::string(command.room_prefix) + std::string(object_id);
  // A join on its way is overtaken: its answer must not put the client back.
  pending_.remove_if([&room](const PendingJoin& pending) {
    return pending.command != nullptr &&
           std::string(pending.command->room_prefix) + pending.object_id == room;
  });
  ++context_.stats.leaves;
  if (const rooms::RoomRef joined = context_.hub.find(id_, namespace_id_, room)) {
    leave(joined, kClient);
  }
  confirm(command, object_id, ack_id);
}

void ClientSession::confirm_join(const PendingJoin& pending, const JoinAnswer& answer) {
  if (pending.command != nullptr) reply_to_join(pending, answer);
  if (answer.resync != Resync::none) send_resync(answer.resync, answer.room->name());
}

void ClientSession::reply_to_join(const PendingJoin& pending, const JoinAnswer& answer) {
  const Command& command = *pending.command;
  const std::string payload = answer.replayed ? replay_payload(command, pending.object_id,
                                                               *answer.replayed, answer.position)
                                              : reply_payload(command, pending.object_id);
  if (recoverable()) {
    std::string packet = "4";
    socketio::append_event(
        packet, {.namespace_name = namespace_name(), .event = command.reply, .arguments = payload});
    send_with_position(std::move(packet), answer.position);
  } else {
    send_event(command.reply, payload);
  }
  if (pending.ack_id) send_ack(*pending.ack_id, ack_payload(command, pending.object_id));
}

// ---- In and out ----

void ClientSession::enter(const RoomTarget& target) {
  if (target.socket_id == sid()) in_own_room = true;
  if (target.socket_id == sid() && SocketId::slot_of(sid()) == id_.slot) return;
  if (context_.hub.room_count(id_) >= context_.rules.config.socketio.rooms_per_socket_max) return;
  if (context_.hub.join(id_, target.room) == rooms::Change::none) return;
  if (return_) return_->offer.socket.rooms.emplace_back(target.room->name());
  note(eventlog::SessionJoined{std::string(sid()), std::string(target.room->name())});
  record(audit::Kind::join, {"cause", kPublisher, target.room->name()});
}

void ClientSession::leave(const RoomTarget& target) {
  if (target.socket_id == sid()) in_own_room = false;
  if (target.room) leave(target.room, kPublisher);
}

void ClientSession::leave(const rooms::RoomRef& room, std::string_view cause) {
  if (rights_) std::erase(rights_->asked, room->number());
  if (return_) std::erase(return_->offer.socket.rooms, room->name());
  // Nor is it told now that it has joined.
  pending_.remove_if([&room](const PendingJoin& pending) {
    return pending.granted && pending.granted->room->number() == room->number();
  });
  note(eventlog::SessionLeft{std::string(sid()), std::string(room->name())});
  const rooms::Change change = context_.hub.leave(id_, room->number());
  if (change != rooms::Change::none) {
    const bool is_wish = cause == kClient || cause == kPublisher;
    record(is_wish ? audit::Kind::leave : audit::Kind::remove, {"cause", cause, room->name()});
  }
  if (change == rooms::Change::presence) {
    context_.control.send(RoomEmptied{.worker = context_.worker, .room = room});
  }
}

void ClientSession::remove(const rooms::RoomRef& room) {
  if (return_) return_->removed = return_->removed || return_->asking;
  leave(room, "removed");
  ++context_.stats.removals;
  const RoomCommand told = leave_command_of(room->name());
  send_event(told.command.reply, reply_payload(told.command, told.object_id));
  send_event("error",
             error_payload(
                 {.code = Code::removed, .command = &told.command, .object_id = told.object_id}));
}

/// With rooms.recheck_ms, if there is somebody to ask.
void ClientSession::ask_again_about(const rooms::RoomRef& room) {
  if (context_.rules.config.rooms.recheck.count() == 0) return;
  const auto match = context_.rules.rooms.match(room->name());
  if (!match || !question_for(*match, namespace_id_, room->name(), user_)) return;
  rights().asked.push_back(room->number());
}

void ClientSession::recheck() {
  if (!rights_) return;
  for (const rooms::RoomNumber number : rights_->asked) {
    if (!context_.control.clear()) return;  // the next time
    const std::string room(context_.hub.room(number)->name());
    const auto match = context_.rules.rooms.match(room);
    auto question = match ? question_for(*match, namespace_id_, room, user_) : std::nullopt;
    if (!question) continue;
    context_.control.send(std::make_unique<MemberCheck>(MemberCheck{
        .namespace_id = namespace_id_, .room = room, .question = *std::move(question)}));
  }
}

}  // namespace outcry::gateway
