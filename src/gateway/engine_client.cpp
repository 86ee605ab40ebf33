#include "gateway/engine_client.h"

#include <algorithm>

#include "base/assert.h"
#include "base/json_text.h"
#include "gateway/close_reasons.h"
#include "protocol/http/target.h"

namespace outcry::gateway {
namespace {

// A pid and an offset of ours are far shorter.
constexpr std::size_t kReturningBytesMax = 128;
constexpr std::size_t kDeviceBytesMax = 64;
constexpr std::string_view kBearer = "Bearer ";

void send_connect_error(transport::EngineSession& engine, std::string_view namespace_name,
                        std::string_view message, std::string_view data) {
  std::string reply = "4";
  socketio::append_connect_error(reply, namespace_name, message, data);
  engine.send(transport::make_frame(reply));
}

/// Argument list of an acknowledgement: the array's text without its brackets.
std::string_view inside_brackets(std::string_view array) {
  return array.substr(1, array.size() - 2);
}

}  // namespace

std::string_view without_bearer(std::string_view text) noexcept {
  return text.starts_with(kBearer) ? text.substr(kBearer.size()) : text;
}

std::string token_of_request(const transport::OpenRequest& request,
                             std::string_view query_parameter) {
  if (request.authorization.starts_with(kBearer)) {
    return std::string(without_bearer(request.authorization));
  }
  if (query_parameter.empty()) return {};
  return http::find_parameter(request.query, query_parameter).value_or(std::string());
}

EngineClient::EngineClient(ClientContext& context, net::IpNetwork address,
                           const net::IpAddress& peer, std::unique_ptr<Opening> opening)
    : context_(context), opening_(std::move(opening)), address_(address), peer_(peer) {}

void EngineClient::on_text(EngineSession& engine, std::string_view text) {
  take(engine, reader_.text(text, context_.rules.packet_limits), text.size());
}

void EngineClient::on_binary(EngineSession& engine, Bytes bytes) {
  take(engine, reader_.binary(bytes, context_.rules.packet_limits), bytes.size());
}

void EngineClient::violated(EngineSession& engine) {
  ++context_.stats.packets_malformed;
  engine.close(transport::CloseReason::forced_close);
}

void EngineClient::take(EngineSession& engine,
                        const Result<std::optional<socketio::Packet>>& result, std::size_t bytes) {
  if (!result) return violated(engine);
  if (!*result) return;  // attachments are missing
  const socketio::Packet& packet = **result;
  const auto namespace_id = context_.rules.namespace_id(packet.namespace_name);
  if (!namespace_id) {
    if (packet.type != socketio::PacketType::connect) return violated(engine);
    ++context_.stats.connects_refused;
    note_refusal(engine, {.namespace_name = packet.namespace_name}, "invalid_namespace");
    return send_connect_error(engine, packet.namespace_name, "Invalid namespace", {});
  }
  ClientSession* session = session_in(*namespace_id);
  // One that waits to be what it was isn't connected yet.
  if (session != nullptr && session->claims()) return violated(engine);
  const auto wait = overdrawn(engine, session, bytes);
  if (wait.count() > 0) return refuse(engine, packet, session, wait);
  take(engine, packet, *namespace_id, session);
}

void EngineClient::take(EngineSession& engine, const socketio::Packet& packet,
                        NamespaceId namespace_id, ClientSession* session) {
  switch (packet.type) {
    case socketio::PacketType::connect:
      return session != nullptr || asked_for(namespace_id) ? violated(engine)
                                                           : connect(engine, packet, namespace_id);
    case socketio::PacketType::disconnect:
      return session == nullptr ? violated(engine) : erase(*session, "client");
    case socketio::PacketType::event:
    case socketio::PacketType::binary_event:
      if (session == nullptr) return violated(engine);
      return socketio::event_name(packet) == kRefreshEvent ? renew(engine, *session, packet)
                                                           : session->on_event(packet, address_);
    case socketio::PacketType::ack:
    case socketio::PacketType::binary_ack:
      if (session == nullptr) return violated(engine);
      if (is_ack_of_event(packet.id.value_or(0))) return session->on_ack(*packet.id);
      // A binary answer has no form that a Python publisher could read.
      if (packet.attachments.empty()) {
        context_.on_ack(session->id(), packet.id.value_or(0), inside_brackets(packet.data));
      }
      return;
    case socketio::PacketType::connect_error:
      return violated(engine);
  }
}

/// Attachments that are on their way are in nobody's count: the connection's bytes are.
std::chrono::milliseconds EngineClient::overdrawn(const EngineSession& engine,
                                                  ClientSession* session, std::size_t bytes) {
  const auto wait = engine.overdrawn();
  if (wait.count() > 0 || session == nullptr) return wait;
  return context_.limits.take_packet(session->user(), bytes, steady_now());
}

/// What came over a limit. A client may always go, and nobody waits for an answer to an answer.
void EngineClient::refuse(EngineSession& engine, const socketio::Packet& packet,
                          ClientSession* session, std::chrono::milliseconds retry_after) {
  using socketio::PacketType;
  if (packet.type == PacketType::connect && session == nullptr) {
    return refuse(engine, {.namespace_name = packet.namespace_name}, Code::rate_limited,
                  retry_after);
  }
  if (session == nullptr) return violated(engine);
  if (packet.type == PacketType::disconnect) return erase(*session, "client");
  if (packet.type == PacketType::event || packet.type == PacketType::binary_event) {
    session->refuse({.code = Code::rate_limited, .retry_after = retry_after}, packet.id);
  }
}

// ---- CONNECT ----

void EngineClient::connect(EngineSession& engine, const socketio::Packet& packet,
                           NamespaceId namespace_id) {
  std::string token = opening_ ? opening_->token : std::string();
  if (!packet.data.empty()) {
    // The newest one: a front end renews it here, and keeps the URL that it opened with.
    const auto own = json::string_member(packet.data, "token");
    if (own && !own->empty()) token = *own;
  }
  connect(engine,
          {.namespace_id = namespace_id,
           .token = std::string(without_bearer(token)),
           .data = std::string(packet.data)},
          true);
}

void EngineClient::connect(EngineSession& engine, Attempt attempt, bool may_wait) {
  const NamespaceId namespace_id = attempt.namespace_id;
  const auto verified = verified_token(context_, attempt.token);
  if (!verified && may_wait && waits_for_key(engine, attempt, verified.error())) return;
  if (!verified) {
    const TokenRefusal refusal = token_refusal(context_, verified.error());
    const std::string cause = verified.error().message();
    return refuse(engine, {.namespace_name = name_of(namespace_id), .cause = cause}, refusal.code,
                  refusal.retry_after);
  }
  if (!context_.control.clear()) {
    return refuse(engine, {.namespace_name = name_of(namespace_id), .user = (*verified)->user},
                  Code::unavailable);
  }
  if (!opening_) opening_ = std::make_unique<Opening>();  // back in the only namespace
  opening_->asked.push_front(
      {.namespace_id = namespace_id, .claims = *verified, .device = device_of(attempt.data)});
  context_.control.send(
      AdmitRequest{.worker = context_.worker,
                   .namespace_id = namespace_id,
                   .engine = engine.id(),
                   .party = party_of((*verified)->user),
                   .returning = returning(engine, attempt.data, (*verified)->user)});
}

/// What the client says of the socket that it was; null if it is new. Also hears its wish to get
/// positions, or none.
std::unique_ptr<Returning> EngineClient::returning(EngineSession& engine, std::string_view data,
                                                   const std::string& user) const {
  if (data.empty() || !context_.rules.config.recovery.enabled) return nullptr;
  if (const auto wish = json::member(data, "recovery")) {
    if (*wish == "true" || *wish == "false") engine.take_trailers(*wish == "true");
  }
  if (!engine.takes_trailers()) return nullptr;
  auto pid = json::string_member(data, "pid");
  if (!pid || pid->size() > kReturningBytesMax) return nullptr;
  std::string offset = json::string_member(data, "offset").value_or(std::string());
  if (offset.size() > kReturningBytesMax) offset.clear();
  return std::make_unique<Returning>(
      Returning{.pid = *std::move(pid), .offset = std::move(offset), .user = user});
}

void EngineClient::on_admit_answer(EngineSession& engine, AdmitAnswer answer) {
  const NamespaceId namespace_id = answer.namespace_id;
  if (answer.refused) {
    const Asked asked = take_asked(namespace_id);
    return refuse(engine, {.namespace_name = name_of(namespace_id), .user = asked.claims->user},
                  *answer.refused, std::chrono::milliseconds(answer.retry_after_ms));
  }
  if (is_revoked(context_, *asked(namespace_id).claims)) {  // while control was asked
    const Asked by = take_asked(namespace_id);
    context_.control.send(SocketGone{.party = answer.party});
    return refuse(engine, {.namespace_name = name_of(namespace_id), .user = by.claims->user},
                  token_refusal(context_, auth::AuthError::revoked).code);
  }
  if (answer.offer) {
    const Asked& by = asked(namespace_id);
    ClientSession& session = context_.sessions.emplace(context_, engine, namespace_id, by.claims,
                                                       by.device, std::move(answer.offer));
    sessions_.push_back(session.id());
    return session.claim();
  }
  open(engine, namespace_id, answer.position, answer.resync);
}

void EngineClient::open(EngineSession& engine, NamespaceId namespace_id,
                        const eventlog::Position& position, Resync resync) {
  Asked by = take_asked(namespace_id);
  const auth::TokenCache::SharedClaims claims = std::move(by.claims);
  ++context_.stats.connects;
  ClientSession& session =
      context_.sessions.emplace(context_, engine, namespace_id, claims, std::move(by.device));
  sessions_.push_back(session.id());
  limit_life(engine);
  if (context_.rules.config.socketio.namespaces.size() == 1) opening_.reset();
  session.open(greets(*claims), position, resync);
}

bool EngineClient::greets(const auth::Claims& claims) const {
  const config::Strings& greeted = context_.rules.config.contract.greet_identity_claims;
  return std::ranges::find(greeted, claims.identity_claim) != greeted.end();
}

// ---- Coming back ----

void EngineClient::on_return_answer(EngineSession& engine, ReturnAnswer answer) {
  ClientSession& session = *context_.sessions.find(answer.session);
  const NamespaceId namespace_id = session.namespace_id();
  if (!session.claims()) return session.resume(std::move(answer), false);  // a further part
  if (answer.resync != Resync::none) {
    // Another socket than it was: a client goes by its id.
    sessions_.erase_value(session.id());
    context_.sessions.erase(session.id());
    return open(engine, namespace_id, answer.position, answer.resync);
  }
  const auth::TokenCache::SharedClaims claims = take_asked(namespace_id).claims;
  ++context_.stats.connects;
  limit_life(engine);
  if (context_.rules.config.socketio.namespaces.size() == 1) opening_.reset();
  session.resume(std::move(answer), greets(*claims));
}

void EngineClient::on_drained() {
  for (const SessionId id : sessions_.items()) context_.sessions.find(id)->on_drained();
}

ParkedSocket EngineClient::give_up(ClientSession& session) {
  ParkedSocket socket = session.parked();
  sessions_.erase_value(session.id());
  release(session, false, "moved");
  return socket;
}

void EngineClient::refuse(EngineSession& engine, const Refused& refused, Code code,
                          std::chrono::milliseconds retry_after) {
  ++context_.stats.connects_refused;
  note_refusal(engine, refused, row_of(code).name);
  send_connect_error(engine, refused.namespace_name, row_of(code).message,
                     connect_error_data(code, retry_after));
}

void EngineClient::note_refusal(EngineSession& engine, const Refused& refused,
                                std::string_view code) {
  if (!context_.audit.rules().connections) return;
  audit::Record record{.kind = audit::Kind::refuse,
                       .time = wall_now(),
                       .user = std::string(refused.user),
                       .namespace_name = std::string(refused.namespace_name)};
  record.details = {{"code", std::string(code)}, {"cause", std::string(refused.cause)}};
  context_.audit.send(std::move(record), engine.id());
}

bool EngineClient::asked_for(NamespaceId namespace_id) const {
  const auto is_of = [namespace_id](const auto& one) { return one.namespace_id == namespace_id; };
  return opening_ && (std::ranges::any_of(opening_->asked, is_of) ||
                      std::ranges::any_of(opening_->unsettled, is_of));
}

std::string_view EngineClient::name_of(NamespaceId namespace_id) const {
  return context_.rules.config.socketio.namespaces[namespace_id];
}

const EngineClient::Asked& EngineClient::asked(NamespaceId namespace_id) const {
  const auto found = std::ranges::find(opening_->asked, namespace_id, &Asked::namespace_id);
  OUTCRY_ASSERT(found != opening_->asked.end());
  return *found;
}

/// Of a CONNECT that was asked about, which no second one can have followed.
EngineClient::Asked EngineClient::take_asked(NamespaceId namespace_id) {
  Asked out;
  opening_->asked.remove_if([&](Asked& asked) {
    if (asked.namespace_id != namespace_id) return false;
    out = std::move(asked);
    return true;
  });
  OUTCRY_ASSERT(out.claims != nullptr);
  return out;
}

/// What it says to be; one that says too much is told apart from nobody.
std::string EngineClient::device_of(std::string_view data) const {
  if (data.empty() || !context_.rules.cursors_by_device) return {};
  std::string device = json::string_member(data, "device").value_or(std::string());
  if (device.size() > kDeviceBytesMax) device.clear();
  return device;
}

limits::Party EngineClient::party_of(std::string_view user) const {
  return {.user = context_.limits.rules().user_key(user),
          .address = context_.limits.rules().key_of(address_)};
}

// ---- Its sockets ----

ClientSession* EngineClient::session_in(NamespaceId namespace_id) {
  for (const SessionId id : sessions_.items()) {
    ClientSession* session = context_.sessions.find(id);
    if (session != nullptr && session->namespace_id() == namespace_id) return session;
  }
  return nullptr;
}

void EngineClient::disconnect(ClientSession& session) {
  std::string packet = "4";
  socketio::append_disconnect(packet, name_of(session.namespace_id()));
  session.engine().send(transport::make_frame(packet));
  erase(session, "publisher");
}

/// The client's wish, or a publisher's: it is over.
void EngineClient::erase(ClientSession& session, std::string_view cause) {
  sessions_.erase_value(session.id());
  session.note(eventlog::SessionEnded{std::string(session.sid())});
  release(session, false, cause);
}

void EngineClient::release(ClientSession& session, bool parks, std::string_view cause) {
  // One that waits to be what it was has not been connected.
  if (!session.claims()) session.record(audit::Kind::disconnect, {"cause", cause});
  if (parks && session.recoverable()) {  // before its rooms are left: they are to stay known
    context_.control.send(std::make_unique<SocketParked>(SocketParked{session.parked()}));
  }
  session.close();
  context_.control.send(SocketGone{.party = party_of(session.user())});
  context_.sessions.erase(session.id());
}

// What control is asked about is settled by the worker when the answer finds nobody.
void EngineClient::on_close(bool parks, transport::CloseReason reason) {
  const ShortList<SessionId> sessions = std::move(sessions_);
  for (const SessionId id : sessions.items()) {
    ClientSession& session = *context_.sessions.find(id);
    if (!parks) session.note(eventlog::SessionEnded{std::string(session.sid())});
    release(session, parks, gateway::name_of(reason));
  }
}

}  // namespace outcry::gateway
