#include "gateway/client_session.h"

#include <algorithm>
#include <utility>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "base/clock.h"
#include "base/json_text.h"

namespace outcry::gateway {
namespace {

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

// ---- Answers ----

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
