#include "gateway/worker.h"

#include <algorithm>
#include <unordered_map>
#include <utility>
#include <variant>

#include "base/assert.h"
#include "gateway/gateway_setup.h"
#include "gateway/positions_for.h"

namespace outcry::gateway {
namespace {

// Messages taken in one tick: what they make dirty is then written before the next ones.
constexpr std::size_t kMessagesPerTick = 4096;
// The publishers' own limit for a callback (python-socketio's call()).
constexpr std::chrono::seconds kAckLifetime{60};
// Far from any fraction of a room's size: turns begin all over the room.
constexpr std::size_t kTurnStep = 0x9E3779B1;
constexpr std::size_t kAwaitedAcksMax = 10'000;
constexpr std::size_t kAwaitedRecipientsMax = 1'000'000;

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
  const RecoveryConfig& recovery = context_.rules.config.recovery;
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
  forget_expired_acks(now);
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
  if (delivery->ack) await_ack(*delivery->ack);
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

void Worker::take(std::unique_ptr<AdmitAnswer> answer) {
  transport::EngineSession* engine = endpoint_.find(answer->engine);
  if (engine != nullptr && !engine->closed()) {
    return client_of(*engine).on_admit_answer(*engine, std::move(*answer));
  }
  // Nobody is there any more: he may come back once more.
  if (answer->offer) {
    control_.send(std::make_unique<SocketParked>(SocketParked{std::move(answer->offer->socket)}));
  }
  if (!answer->refused) control_.send(SocketGone{.party = answer->party});
}

void Worker::take(std::unique_ptr<ReturnAnswer> answer) {
  const std::vector<rooms::RoomRef> rooms = answer->rooms;
  if (ClientSession* session = sessions_.find(answer->session)) {
    transport::EngineSession& engine = session->engine();
    client_of(engine).on_return_answer(engine, std::move(*answer));
  }
  for (const rooms::RoomRef& room : rooms) settle(room);
}

void Worker::take(const std::unique_ptr<Reclaim>& reclaim) {
  auto answer = std::make_unique<Reclaimed>(Reclaimed{.sid = reclaim->sid, .socket = std::nullopt});
  ClientSession* session = find_by_sid(reclaim->namespace_id, reclaim->sid, reclaim->own_room);
  if (session != nullptr) {
    transport::EngineSession& engine = session->engine();
    answer->socket = client_of(engine).give_up(*session);
    engine.close(transport::CloseReason::server_close);
  }
  control_.send(std::move(answer));
}

/// By its slot; one that has come back to another slot by the room of its name.
ClientSession* Worker::find_by_sid(NamespaceId namespace_id, std::string_view sid,
                                   rooms::RoomNumber own_room) {
  const auto is_meant = [&](const ClientSession* session) {
    return session != nullptr && session->sid() == sid && session->namespace_id() == namespace_id &&
           !session->claims();
  };
  const auto slot = SocketId::slot_of(sid);
  ClientSession* session = slot ? sessions_.at(*slot) : nullptr;
  if (is_meant(session)) return session;
  for (const auto& member : hub_.members(own_room)) {
    session = sessions_.at(member.session);
    if (is_meant(session)) return session;
  }
  return nullptr;
}

void Worker::take(std::unique_ptr<JoinAnswer> answer) {
  const bool granted = answer->verdict == JoinAnswer::Verdict::granted;
  const rooms::RoomRef room = answer->room;
  if (answer->delay.count() > 0 && !late_answers_.full()) {
    if (ClientSession* session = sessions_.find(answer->session)) session->on_late_answer(*answer);
    const TimePoint due = loop_.now() + answer->delay;
    return late_answers_.add(std::move(*answer), due);
  }
  finish(std::move(*answer));
  if (granted) settle(room);
}

void Worker::finish(JoinAnswer answer) {
  if (ClientSession* session = sessions_.find(answer.session)) {
    session->on_join_answer(std::move(answer));
  }
}

void Worker::take(const std::unique_ptr<JoinStored>& stored) {
  if (ClientSession* session = sessions_.find(stored->session)) session->on_join_stored(*stored);
}

/// His sockets on all connections, at whatever namespace.
void Worker::take(const std::unique_ptr<Expel>& expel) {
  sessions_.for_each([&](ClientSession& session) {
    const bool meant = expel->user.empty() ? client_of(session.engine()).address() == expel->address
                                           : session.user() == expel->user;
    if (meant) session.engine().close(transport::CloseReason::banned);  // at the end of the tick
  });
}

void Worker::take(std::unique_ptr<RemoveMember> removal) {
  for (const auto& member : hub_.members(removal->room->number())) {
    ClientSession& session = *sessions_.at(member.session);
    if (session.user() == removal->user) targets_.push_back(session.id());
  }
  for (const SessionId id : targets_) sessions_.find(id)->remove(removal->room);
  removal->done(targets_.size());
  targets_.clear();
}

void Worker::take(Recheck recheck) {
  sessions_.for_each([&recheck](ClientSession& session) {
    if (session.id().slot % kRecheckParts == recheck.part) session.recheck();
  });
}

void Worker::settle(const rooms::RoomRef& room) {
  control_.send(
      JoinSettled{.worker = id_, .room = room, .present = !hub_.members(room->number()).empty()});
}

void Worker::take(std::unique_ptr<StatsRequest> request) {
  request->done({.transport = endpoint_.stats(),
                 .clients = stats_,
                 .tokens = tokens_.stats(),
                 .limits = limits_.counts(),
                 .loop = loop_.stats(),
                 .connections = endpoint_.connection_count(),
                 .engine_sessions = endpoint_.session_count(),
                 .sockets = sessions_.size(),
                 .rooms = hub_.size(),
                 .backlog_bytes = endpoint_.backlog().bytes(),
                 .backlog_sessions = endpoint_.backlog().sessions()});
}

void Worker::take(const std::shared_ptr<const WorkerUpdate>& update) {
  if (update->tls) endpoint_.use(update->tls);
  if (update->access) endpoint_.use(update->access);
  if (update->banned) limits_.use(update->banned);
  if (update->limits) {
    limits_.use(update->limits);
    endpoint_.use(connection_limits(update->limits->limits));
  }
  if (update->verifier) tokens_.use(update->verifier, update->keys_withdrawn);
}

void Worker::take(const std::unique_ptr<RevokeTokens>& order) {
  const WallTime now = wall_now();
  const std::vector<Revocation>& batch = *order->batch;
  std::vector<std::uint32_t> counts(batch.size());
  Revocations wanted(batch.size());
  std::unordered_map<limits::Key, std::size_t> places;
  for (std::size_t i = 0; i < batch.size(); ++i) {
    (void)revocations_.add(batch[i], now);  // beyond the limit control has told so
    (void)wanted.add(batch[i], now);
    places.emplace(batch[i].key, i);
  }
  sessions_.for_each([&](ClientSession& session) {
    const auto match = wanted.match(session.marks(), session.user_key(), now);
    if (!match) return;
    ++counts[places.at(*match)];
    targets_.push_back(session.id());
  });
  for (const SessionId id : targets_) {
    // One that shares its connection with an earlier one may be gone by now.
    if (ClientSession* session = sessions_.find(id)) session->end_revoked();
  }
  targets_.clear();
  order->done(std::move(counts));
}

void Worker::take(KeysSettled) {
  key_wait_.asked = false;
  for (const EngineId id : std::exchange(key_wait_.clients, {})) {
    transport::EngineSession* engine = endpoint_.find(id);
    if (engine != nullptr && !engine->closed()) client_of(*engine).on_keys(*engine);
  }
}

void Worker::take(Drain) {
  endpoint_.stop_listening();
  endpoint_.close_all(transport::CloseReason::server_shutting_down);
}

// ---- Acknowledgements for publishers ----

/// From those in targets_. Over the limits nobody is waited for: the publisher's wait times out.
void Worker::await_ack(const AckWish& wish) {
  const bool room = awaited_acks_.size() < kAwaitedAcksMax &&
                    awaited_recipients_ + targets_.size() <= kAwaitedRecipientsMax;
  if (targets_.empty() || !room) return;
  awaited_recipients_ += targets_.size();
  awaited_acks_.emplace(wish.ack_id, AwaitedAck{wish, targets_, loop_.now() + kAckLifetime});
}

void Worker::forget_ack(std::map<std::uint64_t, AwaitedAck>::iterator ack) {
  awaited_recipients_ -= ack->second.recipients.size();
  awaited_acks_.erase(ack);
}

void Worker::on_ack(SessionId session, std::uint64_t ack_id, std::string_view arguments) {
  const auto found = awaited_acks_.find(ack_id);
  if (found == awaited_acks_.end()) return;
  const auto& recipients = found->second.recipients;
  if (std::ranges::find(recipients, session) == recipients.end()) return;
  ++stats_.callbacks;
  control_.send(
      std::make_unique<CallbackAnswer>(CallbackAnswer{.callback = found->second.wish.callback,
                                                      .channel = found->second.wish.channel,
                                                      .arguments = std::string(arguments)}));
  forget_ack(found);  // the publisher uses the first answer only
}

void Worker::forget_expired_acks(TimePoint now) {
  while (!awaited_acks_.empty() && awaited_acks_.begin()->second.expires <= now) {
    forget_ack(awaited_acks_.begin());
  }
}

}  // namespace outcry::gateway
