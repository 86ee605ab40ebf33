#include "gateway/worker.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "base/assert.h"
#include "gateway/positions_for.h"

namespace outcry::gateway {
namespace {

// Messages taken in one tick: what they make dirty is then written before the next ones.
constexpr std::size_t kMessagesPerTick = 4096;
// Far from any fraction of a room's size: turns begin all over the room.
constexpr std::size_t kTurnStep = 0x9E3779B1;

/// Whether a client whose connection ended so finds its socket again. One that said goodbye, or
/// broke the rules, is a new one the next time.
bool may_come_back(transport::CloseReason reason) {
  using Reason = transport::CloseReason;
  switch (reason) {
    case Reason::transport_error:
    case Reason::ping_timeout:
    case Reason::outbox_overflow:
    case Reason::server_shutting_down:
    case Reason::expired:
    case Reason::lifetime:
    case Reason::idle:
    case Reason::gap:
      return true;
    case Reason::transport_close:  // also a page that reloads: the server can't tell
      return true;
    default:
      return false;
  }
}

}  // namespace

Worker::Worker(WorkerId id, const SharedRules& rules, const transport::TransportOptions& transport,
               const transport::StaticFiles* files, ControlMailbox& control, HandOver hand_over)
    : id_(id),
      mailbox_(loop_, kWorkerMessagesMax),
      control_(control),
      hand_over_(std::move(hand_over)),
      limits_(rules.limits, [this](const UserSpent& spent) { return tell(spent); }),
      tokens_(rules.verifier, rules.config.auth.cache_entries_max),
      audit_(rules.audit, control_, address_of()),
      revocations_(rules.config.auth.revocations_max),
      context_{id,     rules,  tokens_,   hub_,    sessions_,    control_,
               audit_, stats_, key_wait_, limits_, revocations_, on_ack_handler()},
      late_answers_(loop_.timers(), [this](JoinAnswer answer) { finish(std::move(answer)); }),
      event_reads_(context_, endpoint_),
      endpoint_(loop_, transport, *this, {.worker = id}, files) {}

Worker::~Worker() = default;

ClientContext::OnAck Worker::on_ack_handler() {
  return [this](SessionId session, std::uint64_t ack_id, std::string_view arguments) {
    on_ack(session, ack_id, arguments);
  };
}

bool Worker::tell(const UserSpent& spent) {
  if (!control_.clear()) return false;
  control_.send(spent);
  return true;
}

AuditLink::AddressOf Worker::address_of() {
  return [this](EngineId client) { return clients_[client.slot]->peer(); };
}

// ---- From the endpoint ----

EngineClient& Worker::client_of(const transport::EngineSession& session) {
  auto& client = clients_[session.id().slot];
  OUTCRY_ASSERT(client.has_value());
  return *client;
}

std::optional<transport::TurnedAway> Worker::may_connect(const net::IpAddress& peer) {
  return limits_.may_connect(peer, steady_now());  // a batch of them may take many ticks' time
}

std::optional<transport::TurnedAway> Worker::may_open(const net::IpAddress& client) {
  return limits_.may_open(client, loop_.now());
}

/// Whoever sends many such requests is told of as often as a trail can bear; all are counted.
void Worker::on_refused(const transport::RefusedRequest& request) {
  if (!audit_.rules().connections || !limits_.take_note(request.client, loop_.now())) return;
  const bool by_origin = request.cause == transport::RefusedRequest::Cause::origin;
  audit_.send({.kind = audit::Kind::refuse,
               .time = wall_now(),
               .address = request.client.text(),
               .details = {{"code", by_origin ? "origin" : "plain_http"},
                           {"origin", std::string(request.origin)}}});
}

void Worker::on_open(transport::EngineSession& session, const transport::OpenRequest& request) {
  const std::uint32_t slot = session.id().slot;
  while (slot >= clients_.size()) clients_.emplace_back();
  const std::string& parameter = context_.rules.config.auth.query_parameter;
  const config::RecoveryConfig& recovery = context_.rules.config.recovery;
  session.take_trailers(recovery.enabled && gets_positions(request, recovery.clients));
  clients_[slot].emplace(context_, limits_.rules().network_of(request.peer_address),
                         request.peer_address,
                         std::make_unique<EngineClient::Opening>(
                             EngineClient::Opening{.token = token_of_request(request, parameter)}));
}

void Worker::on_text(transport::EngineSession& session, std::string_view text) {
  client_of(session).on_text(session, text);
}

void Worker::on_binary(transport::EngineSession& session, Bytes bytes) {
  client_of(session).on_binary(session, bytes);
}

void Worker::on_expiring(transport::EngineSession& session) {
  client_of(session).on_expiring(session);
}

void Worker::on_drained(transport::EngineSession& session) {
  client_of(session).on_drained();
}

void Worker::on_close(transport::EngineSession& session, transport::CloseReason reason) {
  client_of(session).on_close(may_come_back(reason), reason);
  clients_[session.id().slot].reset();
}

bool Worker::hand_over(WorkerId worker, transport::HandedOver&& connection) {
  return hand_over_(worker, std::move(connection));
}

// No raw WebSocket path is configured: nobody can get here.
void Worker::on_raw_message(transport::Connection& connection, Bytes, bool) {
  connection.abort();
}

bool Worker::on_tick_end(TimePoint now) noexcept {
  const bool more_messages = mailbox_.drain(kMessagesPerTick, [this](ToWorker message) {
    std::visit([this]<class T>(T&& value) { take(std::forward<T>(value)); }, std::move(message));
  });
  const bool more_to_write = endpoint_.end_tick(now);
  audit_.flush();
  const bool more_to_tell = control_.flush();
  awaited_acks_.forget_expired(now);
  return more_messages || more_to_write || more_to_tell;
}

// ---- From control ----

void Worker::take(RoomDelivery delivery) {
  const auto [members, in_line] = hub_.receive(delivery.room, delivery.sequence);
  if (members.empty()) return;
  if (!in_line) return close_gap(delivery.room);
  ++stats_.publications;
  const transport::FrameRef frame = endpoint_.share(std::move(delivery.frame), delivery.terms);
  // Who is first in a big room is last the next time: nobody is always served late.
  turn_ += kTurnStep;
  const std::size_t first = turn_ % members.size();
  for (const auto part : {members.subspan(first), members.first(first)}) {
    for (const rooms::Hub::Member& member : part) send_to(*sessions_.at(member.session), frame);
  }
}

/// Something for this room was lost between control and here, where nothing may be. Its members
/// come back for it: what follows must not reach them first.
void Worker::close_gap(rooms::RoomNumber room) {
  ++stats_.gaps;
  for (const rooms::Hub::Member& member : hub_.members(room)) {
    sessions_.at(member.session)->engine().close(transport::CloseReason::gap);
  }
}

void Worker::take(const std::shared_ptr<const Delivery>& delivery) {
  collect(delivery->audience, targets_);
  if (!targets_.empty()) ++stats_.publications;
  transport::DeliveryTerms terms = delivery->terms;
  delivery->frames.for_each([&](const transport::SharedFrame& shared) {
    const transport::FrameRef frame = endpoint_.share(shared, terms);
    for (const SessionId id : targets_) send_to(*sessions_.find(id), frame);
    terms = terms.of_next_name();
  });
  if (delivery->ack) awaited_acks_.add(*delivery->ack, targets_, loop_.now());
  targets_.clear();
}

void Worker::send_to(ClientSession& session, const transport::FrameRef& frame) {
  if (session.catching_up()) return;
  if (session.engine().send(frame) != transport::Sent::queued) return;
  ++stats_.deliveries;
  if (const EventMark* mark = EventMark::of(*frame)) session.on_marked(*mark);
}

template <class F>
void Worker::for_each_session(NamespaceId namespace_id, const std::vector<RoomTarget>& rooms,
                              F&& f) {
  for (const RoomTarget& target : rooms) {
    if (target.room) {
      for (const auto& member : hub_.members(target.room->number())) {
        f(*sessions_.at(member.session));
      }
    }
    const auto slot = SocketId::slot_of(target.socket_id);
    ClientSession* own = slot ? sessions_.at(*slot) : nullptr;
    if (own == nullptr || own->sid() != target.socket_id) continue;
    if (own->namespace_id() == namespace_id && own->in_own_room) f(*own);
  }
}

/// Each session of the audience once, the excepted ones left out.
void Worker::collect(const Audience& audience, std::vector<SessionId>& out) {
  if (++delivery_mark_ == 0) {  // once round: no session may look as if it had been looked at
    sessions_.for_each([](ClientSession& session) { session.delivery_mark = 0; });
    delivery_mark_ = 1;
  }
  const auto add = [&](ClientSession& session) {
    if (session.namespace_id() != audience.namespace_id) return;
    if (std::exchange(session.delivery_mark, delivery_mark_) == delivery_mark_) return;
    out.push_back(session.id());
  };
  for_each_session(audience.namespace_id, audience.except,
                   [&](ClientSession& session) { session.delivery_mark = delivery_mark_; });
  if (audience.everyone) return sessions_.for_each(add);
  for_each_session(audience.namespace_id, audience.rooms, add);
}

void Worker::take(const std::shared_ptr<const SocketCommand>& command) {
  collect(command->audience, targets_);
  for (const SessionId id : targets_) {
    // A session that shares its connection with an earlier one may be gone by now.
    if (ClientSession* session = sessions_.find(id)) apply(*command, *session);
  }
  targets_.clear();
  if (command->kind != SocketCommand::Kind::join) return;
  for (const RoomTarget& target : command->rooms) settle(target.room);
}

void Worker::apply(const SocketCommand& command, ClientSession& session) {
  switch (command.kind) {
    case SocketCommand::Kind::join:
      for (const RoomTarget& target : command.rooms) session.enter(target);
      return;
    case SocketCommand::Kind::leave:
      for (const RoomTarget& target : command.rooms) session.leave(target);
      return;
    case SocketCommand::Kind::disconnect:
      return client_of(session.engine()).disconnect(session);
    case SocketCommand::Kind::close:
      return session.engine().close(transport::CloseReason::server_close);
  }
}

// ---- Acknowledgements for publishers ----

void Worker::on_ack(SessionId session, std::uint64_t ack_id, std::string_view arguments) {
  auto answer = awaited_acks_.take(session, ack_id, arguments);
  if (answer == nullptr) return;
  ++stats_.callbacks;
  control_.send(std::move(answer));
}

}  // namespace outcry::gateway
