#include "gateway/client_session.h"

#include <algorithm>
#include <utility>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "base/clock.h"
#include "base/json_text.h"
#include "gateway/room_admission.h"
#include "gateway/room_question.h"

namespace outcry::gateway {
namespace {

/// Whose wish a change was, for the audit trail.
constexpr std::string_view kClient = "client";
constexpr std::string_view kPublisher = "publisher";

std::string timestamp_now() {
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}Z",
                     fmt::gmtime(std::chrono::system_clock::to_time_t(wall_now())));
}

/// `user_{user}` for alice: `user_alice`.
std::string filled_room(std::string_view pattern, std::string_view user) {
  constexpr std::string_view kMark = "{user}";
  std::string out(pattern);
  if (const std::size_t at = out.find(kMark); at != std::string::npos) {
    out.replace(at, kMark.size(), user);
  }
  return out;
}

}  // namespace

ClientSession::ClientSession(SessionId id, ClientContext& context, transport::EngineSession& engine,
                             NamespaceId namespace_id, auth::TokenCache::SharedClaims claims,
                             std::string device, std::unique_ptr<ReturnOffer> offer)
    : namespace_id_(namespace_id),
      id_(id),
      context_(context),
      engine_(engine),
      return_(offer ? std::make_unique<Return>(Return{.offer = std::move(*offer)}) : nullptr),
      sid_(return_ ? SocketId::of(return_->offer.socket.sid) : SocketId::make(id.slot)),
      term_(token_term(*claims, context.rules.config.auth, wall_now(), steady_now())),
      marks_(token_marks(context.rules.hash, *claims)),
      user_(claims->user) {
  if (!device.empty()) rights().device = std::move(device);
  list_rooms(std::move(claims));
}

void ClientSession::list_rooms(auth::TokenCache::SharedClaims claims) {
  if (claims->rooms.empty()) return;
  rights().listing = std::move(claims);
}

ClientSession::Rights& ClientSession::rights() {
  if (!rights_) rights_ = std::make_unique<Rights>();
  return *rights_;
}

std::string_view ClientSession::namespace_name() const {
  return context_.rules.config.socketio.namespaces[namespace_id_];
}

std::size_t ClientSession::pending_count() const {
  return static_cast<std::size_t>(std::distance(pending_.begin(), pending_.end()));
}

// ---- Opening and closing ----

void ClientSession::open(bool greeted, const eventlog::Position& position, Resync resync) {
  const std::string pid =
      recoverable() ? context_.rules.recovery_ids.make(context_.worker, sid()) : std::string();
  send_connect(pid);
  if (recoverable()) {
    note(eventlog::SessionOpened{std::string(sid()), user_, std::string(namespace_name())});
    send_position(position);
  }
  record(audit::Kind::connect, {"transport", engine_.is_websocket() ? "websocket" : "polling"});
  if (resync != Resync::none) send_resync(resync);
  if (greeted) greet();
}

void ClientSession::send_connect(std::string_view pid) {
  std::string packet = "4";
  socketio::append_connect(packet, namespace_name(), sid(), pid);
  engine_.send(transport::make_frame(packet));
}

bool ClientSession::recoverable() const noexcept {
  return context_.rules.config.recovery.enabled && engine_.takes_trailers();
}

void ClientSession::send_with_position(std::string packet, const eventlog::Position& position) {
  const std::size_t trailer = append_position(packet, position);
  engine_.send(transport::make_frame(packet, {}, trailer));
}

bool ClientSession::is_stored() const noexcept {
  return context_.rules.stores_sockets && recoverable();
}

void ClientSession::note(eventlog::Change change) {
  if (!is_stored()) return;
  context_.control.send(std::make_unique<eventlog::Change>(std::move(change)));
}

// Who connects and who is where are recorded by choice, each by itself.
void ClientSession::record(audit::Kind kind, const Noted& noted) {
  const AuditRules& rules = context_.audit.rules();
  const bool is_of_rooms = kind == audit::Kind::join || kind == audit::Kind::deny ||
                           kind == audit::Kind::leave || kind == audit::Kind::remove;
  if (!(is_of_rooms ? rules.rooms : rules.connections)) return;
  audit::Record record{.kind = kind,
                       .time = wall_now(),
                       .user = user_,
                       .namespace_name = std::string(namespace_name()),
                       .rooms = {noted.rooms.begin(), noted.rooms.end()},
                       .socket = std::string(sid())};
  if (!noted.room.empty()) record.rooms.emplace_back(noted.room);
  if (!noted.name.empty()) record.details = {{noted.name, std::string(noted.value)}};
  context_.audit.send(std::move(record), engine_.id());
}

void ClientSession::greet() {
  send_event("connected", greeting_payload(user_, timestamp_now()));
  for (const std::string& pattern : context_.rules.config.contract.greet_rooms) {
    const std::string room = filled_room(pattern, user_);
    const auto match = context_.rules.rooms.match(room);
    const bool own = match && match->access == auth::RoomAccess::user && match->object_id == user_;
    if (own || (match && match->access == auth::RoomAccess::everyone)) {
      request_join({.room = room}, {});
    }
  }
}

void ClientSession::close() {
  context_.hub.leave_all(id_, [this](rooms::RoomRef room) {
    context_.control.send(RoomEmptied{.worker = context_.worker, .room = std::move(room)});
  });
}

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

// ---- Events ----

void ClientSession::on_event(const socketio::Packet& packet, net::IpNetwork address) {
  ++context_.stats.events_received;
  const std::string event = socketio::event_name(packet);
  if (event == kAckEvents) return acknowledge(packet);
  const Command* command = find_command(event);
  if (command == nullptr) {
    ++context_.stats.events_unknown;
    // Acknowledged, or a client that retries would hold back everything behind it.
    if (packet.id) send_ack(*packet.id, error_ack_payload({.code = Code::unknown_event}));
    return;
  }
  auto object_id = object_id_of(*command, socketio::first_argument(packet));
  if (!object_id) return refuse({.code = Code::bad_request, .command = command}, packet.id);
  ClientCommand wanted{.command = command,
                       .object_id = *std::move(object_id),
                       .grant = {},
                       .replay = {},
                       .ack_id = packet.id,
                       .address = address};
  if (command->joins) {
    const std::string_view argument = socketio::first_argument(packet);
    auto replay = replay_wish_of(argument, context_.rules.config.recovery.events_max);
    if (!replay) return refuse({.code = Code::bad_request, .command = command}, packet.id);
    wanted.replay = *std::move(replay);
    wanted.grant = json::string_member(argument, "grant").value_or(std::string());
  }
  if (return_) return hold(std::move(wanted));
  run(std::move(wanted));
}

void ClientSession::run(ClientCommand wanted) {
  if (wanted.command->joins) return join(std::move(wanted));
  leave(*wanted.command, wanted.object_id, wanted.ack_id);
}

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

// ---- Answers ----

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

void ClientSession::confirm(const Command& command, std::string_view object_id,
                            std::optional<std::uint64_t> ack_id) {
  send_event(command.reply, reply_payload(command, object_id));
  if (ack_id) send_ack(*ack_id, ack_payload(command, object_id));
}

void ClientSession::refuse(const Refusal& refusal, std::optional<std::uint64_t> ack_id) {
  ++context_.stats.joins_refused;
  std::string room;
  if (refusal.command != nullptr && !refusal.object_id.empty()) {
    room.append(refusal.command->room_prefix).append(refusal.object_id);
  }
  record(audit::Kind::deny, {"code", row_of(refusal.code).name, room});
  send_event("error", error_payload(refusal));
  if (ack_id) send_ack(*ack_id, error_ack_payload(refusal));
}

void ClientSession::send_event(std::string_view event, std::string_view arguments) {
  std::string packet = "4";
  socketio::append_event(
      packet, {.namespace_name = namespace_name(), .event = event, .arguments = arguments});
  engine_.send(transport::make_frame(packet));
}

void ClientSession::send_ack(std::uint64_t ack_id, std::string_view arguments) {
  std::string packet = "4";
  socketio::append_ack(packet,
                       {.namespace_name = namespace_name(), .id = ack_id, .arguments = arguments});
  engine_.send(transport::make_frame(packet));
}

}  // namespace outcry::gateway
