// EngineClient's part in tokens: verified at CONNECT, and again when a client brings a new one.
//
//   unknown key ─▶ control fetches the keys ─▶ once more
//   auth_refresh ─▶ the same user? ─▶ the socket lives by the new token
//
// A connection lives as long as the token of its sockets that ends first.
#include <algorithm>
#include <utility>

#include "auth/auth_error.h"
#include "base/json_text.h"
#include "gateway/engine_client.h"

namespace outcry::gateway {

bool is_revoked(const ClientContext& context, const auth::Claims& claims) {
  if (context.revocations.empty()) return false;
  const limits::KeyHash& hash = context.rules.hash;
  const limits::Key user = revocation_key(hash, RevocationKind::user, claims.user);
  return context.revocations.match(token_marks(hash, claims), user, wall_now()).has_value();
}

Result<auth::TokenCache::SharedClaims> verified_token(ClientContext& context,
                                                      std::string_view token) {
  auto verified = context.tokens.verify(token, wall_now());
  if (verified && is_revoked(context, **verified)) return fail(auth::AuthError::revoked);
  return verified;
}

// ---- Keys ----

/// Asks for the token's key, if it may be had by now. False: it is not to be waited for.
bool EngineClient::waits_for_key(const EngineSession& engine, Attempt& attempt,
                                 std::error_code error) {
  const bool fetched = !context_.rules.config.auth.jwks_url.empty();
  if (error != auth::AuthError::unknown_key || !fetched || !context_.control.clear()) return false;
  KeyWait& wait = context_.key_wait;
  if (wait.clients.size() >= kKeyWaitMax || asked_for(attempt.namespace_id)) return false;
  ++context_.stats.key_waits;
  wait.clients.push_back(engine.id());
  if (!opening_) opening_ = std::make_unique<Opening>();  // it is in its only namespace
  opening_->unsettled.push_front(std::move(attempt));
  want_keys(context_);
  return true;
}

void EngineClient::on_keys(EngineSession& engine) {
  if (!opening_) return;
  for (Attempt& attempt : std::exchange(opening_->unsettled, {})) {
    if (attempt.renews) {
      renew(engine, std::move(attempt), false);
    } else {
      connect(engine, std::move(attempt), false);
    }
  }
}

void want_keys(ClientContext& context) {
  if (std::exchange(context.key_wait.asked, true)) return;
  context.control.send(KeyWanted{.worker = context.worker});
}

TokenRefusal token_refusal(ClientContext& context, std::error_code error) {
  ++context.stats.tokens_refused[static_cast<std::size_t>(error.value())];  // an AuthError
  const config::AuthConfig& auth = context.rules.config.auth;
  if (error == auth::AuthError::unknown_key && !auth.jwks_url.empty()) {
    // It may have been made a moment ago, and be there the next time.
    return {.code = Code::token_key_unknown, .retry_after = auth.jwks_refetch_min};
  }
  return {.code = code_for_token(error)};
}

// ---- A new token ----

void EngineClient::renew(EngineSession& engine, const ClientSession& session,
                         const socketio::Packet& packet) {
  const std::string_view argument = socketio::first_argument(packet);
  const bool is_object = !argument.empty() && json::kind_of(argument) == json::Kind::object;
  const auto token = is_object ? json::string_member(argument, "token") : std::nullopt;
  renew(engine,
        {.namespace_id = session.namespace_id(),
         .token = std::string(without_bearer(token.value_or(std::string()))),
         .renews = true,
         .ack_id = packet.id},
        true);
}

void EngineClient::renew(EngineSession& engine, Attempt attempt, bool may_wait) {
  ClientSession* session = session_in(attempt.namespace_id);
  if (session == nullptr) return;  // it has left while a key was fetched
  if (!session->may_renew()) return session->refuse_token(Code::too_many_tokens, attempt.ack_id);
  const auto verified = verified_token(context_, attempt.token);
  if (!verified && may_wait && waits_for_key(engine, attempt, verified.error())) return;
  if (!verified) {
    return session->refuse_token(token_refusal(context_, verified.error()).code, attempt.ack_id);
  }
  if ((*verified)->user != session->user()) {
    return session->refuse_token(Code::token_other_user, attempt.ack_id);
  }
  session->renew(*verified, attempt.ack_id);
  limit_life(engine);
}

// ---- Its end ----

void EngineClient::limit_life(EngineSession& engine) {
  const TimePoint now = steady_now();
  TimePoint ends = TimePoint::max();
  TimePoint warn_at = TimePoint::max();
  for (const SessionId id : sessions_.items()) {
    const TokenTerm& term = context_.sessions.find(id)->term();
    ends = std::min(ends, term.ends.seen_at(now));
    warn_at = std::min(warn_at, term.warn_at.seen_at(now));
  }
  engine.confirm(ends, warn_at);
}

void EngineClient::on_expiring(EngineSession& engine) {
  const TimePoint now = steady_now();
  for (const SessionId id : sessions_.items()) {
    ClientSession& session = *context_.sessions.find(id);
    if (session.term().warn_at.reached(now)) session.warn();
  }
  limit_life(engine);
}

}  // namespace outcry::gateway
