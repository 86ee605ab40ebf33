#include "gateway/engine_client.h"

#include <algorithm>

#include "base/json_text.h"
#include "protocol/http/target.h"

namespace outcry::gateway {
namespace {

constexpr std::string_view kBearer = "Bearer ";

std::string_view without_bearer(std::string_view text) {
  return text.starts_with(kBearer) ? text.substr(kBearer.size()) : text;
}

/// Argument list of an acknowledgement: the array's text without its brackets.
std::string_view inside_brackets(std::string_view array) {
  return array.substr(1, array.size() - 2);
}

}  // namespace

std::string token_of_request(const transport::OpenRequest& request,
                             std::string_view query_parameter) {
  if (!query_parameter.empty()) {
    if (auto token = http::find_parameter(request.query, query_parameter)) return *token;
  }
  if (request.authorization.starts_with(kBearer)) {
    return std::string(without_bearer(request.authorization));
  }
  return {};
}

EngineClient::EngineClient(ClientContext& context, transport::EngineSession& engine,
                           std::string token)
    : context_(context),
      engine_(engine),
      token_(token.empty() ? nullptr : std::make_unique<std::string>(std::move(token))) {}

void EngineClient::on_text(std::string_view text) {
  take(reader_.text(text, context_.rules.packet_limits));
}

void EngineClient::on_binary(Bytes bytes) {
  take(reader_.binary(bytes, context_.rules.packet_limits));
}

void EngineClient::violated() {
  ++context_.stats.packets_malformed;
  engine_.close(transport::CloseReason::forced_close);
}

void EngineClient::take(const Result<std::optional<socketio::Packet>>& result) {
  if (!result) return violated();
  if (!*result) return;  // attachments are missing
  const socketio::Packet& packet = **result;
  const auto namespace_id = context_.rules.namespace_id(packet.namespace_name);
  if (!namespace_id) {
    if (packet.type != socketio::PacketType::connect) return violated();
    ++context_.stats.connects_refused;
    return refuse_connect(packet, "Invalid namespace", {});
  }
  ClientSession* session = session_in(*namespace_id);
  switch (packet.type) {
    case socketio::PacketType::connect:
      return session != nullptr ? violated() : connect(packet, *namespace_id);
    case socketio::PacketType::disconnect:
      return session == nullptr ? violated() : erase(*session);
    case socketio::PacketType::event:
    case socketio::PacketType::binary_event:
      return session == nullptr ? violated() : session->on_event(packet);
    case socketio::PacketType::ack:
    case socketio::PacketType::binary_ack:
      if (session == nullptr) return violated();
      // A binary answer has no form that a Python publisher could read.
      if (packet.attachments.empty()) {
        context_.on_ack(session->id(), packet.id.value_or(0), inside_brackets(packet.data));
      }
      return;
    case socketio::PacketType::connect_error:
      return violated();
  }
}

/// When the connection's right ends: with its token, the clocks' leeway granted.
TimePoint EngineClient::end_of(const auth::Claims& claims) const {
  const auto left = claims.expires + context_.rules.config.auth.leeway - wall_now();
  return steady_now() + left;
}

void EngineClient::connect(const socketio::Packet& packet, NamespaceId namespace_id) {
  std::string token = token_ ? *token_ : std::string();
  if (!packet.data.empty()) {
    // The newest one: a front end renews it here, and keeps the URL that it opened with.
    const auto own = json::string_member(packet.data, "token");
    if (own && !own->empty()) token = *own;
  }
  const auto verified = context_.tokens.verify(without_bearer(token), wall_now());
  if (!verified) {
    ++context_.stats.connects_refused;
    const CodeRow& row = row_of(code_for_token(verified.error()));
    return refuse_connect(packet, row.message, connect_error_data(row.code));
  }
  const auth::Claims& claims = **verified;
  ++context_.stats.connects;
  engine_.confirm(end_of(claims));
  ClientSession& session = context_.sessions.emplace(context_, engine_, namespace_id, claims);
  sessions_.push_back(session.id());
  if (context_.rules.config.socketio.namespaces.size() == 1) token_.reset();
  const Strings& greeted = context_.rules.config.contract.greet_identity_claims;
  session.open(std::ranges::find(greeted, claims.identity_claim) != greeted.end());
}

void EngineClient::refuse_connect(const socketio::Packet& packet, std::string_view message,
                                  std::string_view data) {
  std::string reply = "4";
  socketio::append_connect_error(reply, packet.namespace_name, message, data);
  engine_.send(transport::make_frame(reply));
}

ClientSession* EngineClient::session_in(NamespaceId namespace_id) {
  for (const SessionId id : sessions_.items()) {
    ClientSession* session = context_.sessions.find(id);
    if (session != nullptr && session->namespace_id() == namespace_id) return session;
  }
  return nullptr;
}

void EngineClient::disconnect(ClientSession& session) {
  std::string packet = "4";
  socketio::append_disconnect(packet,
                              context_.rules.config.socketio.namespaces[session.namespace_id()]);
  engine_.send(transport::make_frame(packet));
  erase(session);
}

void EngineClient::erase(ClientSession& session) {
  const SessionId id = session.id();
  session.close();
  sessions_.erase_value(id);
  context_.sessions.erase(id);
}

void EngineClient::on_close() {
  const ShortList<SessionId> sessions = std::move(sessions_);
  for (const SessionId id : sessions.items()) {
    ClientSession* session = context_.sessions.find(id);
    session->close();
    context_.sessions.erase(id);
  }
}

}  // namespace outcry::gateway
