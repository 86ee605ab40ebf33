#include "gateway/event_reads.h"

#include <string>
#include <utility>

#include <fmt/format.h>

#include "base/json_text.h"
#include "gateway/contract.h"
#include "gateway/engine_client.h"
#include "gateway/room_admission.h"
#include "gateway/room_query.h"
#include "gateway/room_question.h"
#include "protocol/http/target.h"

namespace outcry::gateway {
namespace {

constexpr std::string_view kEnd = "/events";
constexpr std::chrono::milliseconds kRetryWhenUnavailable{1'000};

/// The room's name in `/v1/rooms/{room}/events`.
std::optional<std::string> room_of(std::string_view path) {
  path.remove_prefix(kApiPrefix.size());
  if (!path.ends_with(kEnd)) return std::nullopt;
  path.remove_suffix(kEnd.size());
  if (path.empty() || path.contains('/')) return std::nullopt;
  return http::percent_decode(path);
}

int status_of(Code code) {
  switch (code) {
    case Code::forbidden:
    case Code::grant_required:
    case Code::grant_expired:
      return 403;
    case Code::rate_limited:
    case Code::banned:
      return 429;
    case Code::unavailable:
      return 503;
    default:
      return 401;  // the token's
  }
}

/// As error_payload() has it, with other words.
std::string fault(std::string_view code, std::string_view message) {
  std::string out = R"({"message":)";
  json::append_quoted(out, message);
  return out + fmt::format(R"(,"code":"{}","retryable":false}})", code);
}

}  // namespace

void EventReads::on_request(const transport::ApiRequest& request) {
  const auto room = room_of(request.path);
  if (!room) return answer(request.connection, 404, fault("not_found", "there is no such path"));
  auto query = room_query(*room, request.query);
  if (!query) return answer(request.connection, 400, fault("bad_request", query.error()));
  const std::string& parameter = context_.rules.config.auth.query_parameter;
  const std::string token =
      token_of_request({.query = request.query, .authorization = request.authorization}, parameter);
  const auto claims = verified_token(context_, token);
  if (!claims) {
    const TokenRefusal refusal = token_refusal(context_, claims.error());
    // It doesn't wait for them: the next try finds the key.
    if (refusal.code == Code::token_key_unknown && context_.control.clear()) want_keys(context_);
    return refuse(request.connection, {.code = refusal.code, .retry_after = refusal.retry_after});
  }
  ask(request, *std::move(query), **claims);
}

void EventReads::ask(const transport::ApiRequest& request, RoomQuery query,
                     const auth::Claims& claims) {
  const auto refuse_it = [&](Code code, std::chrono::milliseconds retry_after = {}) {
    refuse(request.connection,
           {.code = code, .retry_after = retry_after, .user = claims.user, .room = query.room});
  };
  const auto namespace_id = context_.rules.namespace_id(query.namespace_name);
  if (!namespace_id) return refuse_it(Code::forbidden);
  const auto wait = context_.limits.take_join(claims.user, steady_now());
  if (wait.count() > 0) return refuse_it(Code::rate_limited, wait);
  if (!context_.control.clear()) return refuse_it(Code::unavailable);
  const std::string grant = http::find_parameter(request.query, "grant").value_or(std::string());
  const auto match = context_.rules.rooms.match(query.room);
  const LimitRules& limits = context_.limits.rules();
  const net::IpNetwork address = limits.network_of(request.peer_address);
  RoomRead read{.worker = context_.worker,
                .connection = request.connection,
                .namespace_id = *namespace_id,
                .query = {},
                .user = claims.user,
                .address = address,
                .party = {.user = limits.user_key(claims.user), .address = limits.key_of(address)},
                .question = {},
                .refused = {}};
  read.refused = match ? room_refusal(context_.rules, *match, query.room,
                                      {.user = claims.user, .listed = claims.rooms, .grant = grant})
                       : Code::forbidden;
  if (!read.refused) read.question = question_for(*match, *namespace_id, query.room, claims.user);
  read.query = std::move(query);
  context_.control.send(std::make_unique<RoomRead>(std::move(read)));
}

void EventReads::on_answer(const RoomReadAnswer& answered) {
  if (answered.refused) {
    return refuse(answered.connection, {.code = *answered.refused,
                                        .retry_after = answered.retry_after,
                                        .user = answered.user,
                                        .room = answered.room});
  }
  const auto& found = answered.found;
  if (found) return answer(answered.connection, 200, to_json(*found));
  const bool gone = found.error() == ReadError::too_old;
  answer(answered.connection, gone ? 410 : 400,
         fault(gone ? "too_old" : "bad_request", found.error().message()));
}

void EventReads::refuse(transport::ConnectionId connection, const Refusal& refusal) {
  note(connection, refusal);
  const int status = status_of(refusal.code);
  const auto retry_after =
      refusal.code == Code::unavailable ? kRetryWhenUnavailable : refusal.retry_after;
  std::string headers;
  if (status == 401) headers = "WWW-Authenticate: Bearer\r\n";
  if (retry_after.count() > 0) {
    const auto wait = std::chrono::ceil<std::chrono::seconds>(retry_after);
    headers += fmt::format("Retry-After: {}\r\n", wait.count());
  }
  answer(connection, status, error_payload({.code = refusal.code, .retry_after = retry_after}),
         headers);
}

void EventReads::note(transport::ConnectionId connection, const Refusal& refusal) {
  const bool is_of_room = !refusal.room.empty();
  const bool wanted =
      is_of_room ? context_.audit.rules().rooms : context_.audit.rules().connections;
  const transport::Connection* client = endpoint_.find(connection);
  if (!wanted || client == nullptr) return;
  if (!context_.limits.take_note(client->peer_address(), steady_now())) return;
  context_.audit.send(
      {.kind = is_of_room ? audit::Kind::deny : audit::Kind::refuse,
       .time = wall_now(),
       .user = std::string(refusal.user),
       .rooms = is_of_room ? config::Strings{std::string(refusal.room)} : config::Strings{},
       .address = client->peer_address().text(),
       .details = {{"code", std::string(row_of(refusal.code).name)}, {"cause", "read"}}});
}

void EventReads::answer(transport::ConnectionId connection, int status, std::string_view body,
                        std::string_view header_lines) {
  endpoint_.answer(connection, {.status = status,
                                .content_type = "application/json",
                                .body = body,
                                .header_lines = header_lines});
}

}  // namespace outcry::gateway
