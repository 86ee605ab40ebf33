// What control answers and orders, but for deliveries.
#include <unordered_map>
#include <utility>

#include "gateway/gateway_setup.h"
#include "gateway/worker.h"

namespace outcry::gateway {

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

}  // namespace outcry::gateway
