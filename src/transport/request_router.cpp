#include "transport/request_router.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "protocol/http/target.h"
#include "protocol/websocket/deflate.h"
#include "protocol/websocket/error.h"
#include "protocol/websocket/handshake.h"
#include "transport/endpoint.h"

namespace outcry::transport {
namespace {

/// The reference's error codes (spec §1.2).
enum class EngineCode : std::uint8_t {
  transport_unknown,
  session_unknown,
  bad_handshake_method,
  bad_request,
  forbidden,
  unsupported_version
};

constexpr std::array<std::string_view, 6> kMessages = {
    "Transport unknown", "Session ID unknown", "Bad handshake method",
    "Bad request",       "Forbidden",          "Unsupported protocol version"};

constexpr std::chrono::seconds kRetryWhenFull{5};
/// A browser shall take a body for what it is said to be, and for nothing else.
constexpr std::string_view kNoSniff = "X-Content-Type-Options: nosniff\r\n";

struct EngineRequest {
  std::size_t path = 0;
  std::string transport;
  std::string sid;
  std::string version;
  bool base64 = false;
};

std::optional<std::size_t> engine_path_of(const Endpoint& endpoint, std::string_view path) {
  const auto& paths = endpoint.options().engine_paths;
  for (std::size_t i = 0; i < paths.size(); ++i) {
    if (path.starts_with(paths[i])) return i;
  }
  return std::nullopt;
}

EngineRequest read_engine_request(std::size_t path, const http::Request& request) {
  EngineRequest out{.path = path};
  http::QueryCursor query(request.query);
  while (const auto parameter = query.next()) {
    if (parameter->name == "transport") out.transport = http::percent_decode(parameter->value);
    if (parameter->name == "sid") out.sid = http::percent_decode(parameter->value);
    if (parameter->name == "EIO") out.version = http::percent_decode(parameter->value);
    if (parameter->name == "b64") out.base64 = parameter->value == "1";
  }
  return out;
}

bool is_allowed(const Endpoint& endpoint, const Connection& connection) {
  const http::Request& request = connection.parser().request();
  return endpoint.access().origins().allows(request.origin, request.host, connection.scheme());
}

void refuse(Connection& connection, EngineCode code) {
  const auto index = static_cast<std::size_t>(code);
  // A page that may not connect may not read the refusal either.
  const std::string cors =
      code == EngineCode::forbidden ? std::string() : connection.cors_headers();
  if (connection.parser().request().upgrades_to_websocket) {
    return connection.answer({.status = 400,
                              .content_type = "text/html",
                              .body = kMessages[index],
                              .header_lines = cors,
                              .close = true});
  }
  connection.answer(
      {.status = code == EngineCode::forbidden ? 403 : 400,
       .content_type = "application/json",
       .body = fmt::format(R"({{"code":{},"message":"{}"}})", index, kMessages[index]),
       .header_lines = cors});
}

std::optional<TurnedAway> reason_against_session(Endpoint& endpoint, const Connection& connection) {
  if (endpoint.session_count() >= endpoint.options().sessions_max) {
    return TurnedAway{.status = 503,
                      .retry_after = kRetryWhenFull,
                      .why = "This server has as many sessions as it takes.\n"};
  }
  return endpoint.application().may_open(connection.peer_address());
}

/// Whether the client may have one more session, or answer; if not, the request is answered.
bool may_open(Endpoint& endpoint, Connection& connection) {
  const auto away = reason_against_session(endpoint, connection);
  if (!away) return true;
  ++endpoint.counters().sessions_refused;
  connection.answer({.status = away->status,
                     .content_type = "text/plain; charset=UTF-8",
                     .body = away->why,
                     .header_lines = retry_after_line(*away) + connection.cors_headers(),
                     .close = true});
  return false;
}

void open_session(Endpoint& endpoint, Connection& connection, const EngineRequest& engine) {
  if (!may_open(endpoint, connection)) return;
  const http::Request& request = connection.parser().request();
  EngineSession& session = endpoint.make_session(engine.path);
  endpoint.application().on_open(session, {.engine_path = engine.path,
                                           .query = request.query,
                                           .authorization = request.authorization,
                                           .user_agent = request.user_agent,
                                           .peer_address = connection.peer_address()});
  session.open_polling(connection);
}

/// Switches the connection to WebSocket frames; false if it was refused, and answered.
bool upgrade(Connection& connection, std::uint32_t message_bytes_max, bool deflate) {
  const http::Request& request = connection.parser().request();
  const auto valid =
      websocket::check_upgrade({.is_get = request.method == http::Method::get,
                                .is_http_1_1 = request.minor_version == 1,
                                .upgrades_to_websocket = request.upgrades_to_websocket,
                                .version = request.websocket_version,
                                .key = request.websocket_key});
  if (!valid) {
    connection.answer({.status = websocket::status_for(valid.error()),
                       .content_type = "text/html",
                       .body = valid.error().message(),
                       .header_lines = "Sec-WebSocket-Version: 13\r\n",
                       .close = true});
    return false;
  }
  websocket::DeflateAgreement agreement{.server_max_window_bits = 0};
  if (deflate && !request.websocket_extensions.empty()) {
    auto negotiated = websocket::negotiate_deflate(request.websocket_extensions);
    if (!negotiated) {
      connection.answer({.status = 400, .close = true});
      return false;
    }
    if (*negotiated) agreement = **negotiated;
  }
  std::string response;
  const std::string cors = connection.cors_headers();
  websocket::append_switching_protocols(
      response,
      {.key = request.websocket_key, .extensions = agreement.response, .header_lines = cors});
  connection.switch_to_websocket(response, agreement.server_max_window_bits, message_bytes_max);
  return true;
}

void route_websocket(Endpoint& endpoint, Connection& connection, const EngineRequest& engine) {
  EngineSession* session = endpoint.find_by_key(engine.sid);
  if (!engine.sid.empty() && session == nullptr) {
    return refuse(connection, EngineCode::session_unknown);
  }
  if (engine.sid.empty() && engine.version != "4") {
    return refuse(connection, EngineCode::unsupported_version);
  }
  // The request's views end with the switch: what on_open is to see is copied before.
  const http::Request& request = connection.parser().request();
  const std::string query(request.query), authorization(request.authorization),
      user_agent(request.user_agent);
  const TransportOptions& options = endpoint.options();
  const auto bytes_max = std::min(options.unconfirmed_bytes_max, options.message_bytes_max);
  if (session == nullptr && !may_open(endpoint, connection)) return;
  if (!upgrade(connection, bytes_max, options.deflate)) return;
  if (session != nullptr) return session->probe(connection, engine.base64);
  EngineSession& opened = endpoint.make_session(engine.path);
  opened.open_websocket(connection, engine.base64);  // its packet goes before the application's
  endpoint.application().on_open(opened, {.engine_path = engine.path,
                                          .query = query,
                                          .authorization = authorization,
                                          .user_agent = user_agent,
                                          .peer_address = connection.peer_address()});
}

void route_polling(Endpoint& endpoint, Connection& connection, const EngineRequest& engine) {
  const http::Request& request = connection.parser().request();
  if (engine.sid.empty()) {
    if (request.method != http::Method::get) {
      return refuse(connection, EngineCode::bad_handshake_method);
    }
    if (engine.version != "4") return refuse(connection, EngineCode::unsupported_version);
    return open_session(endpoint, connection, engine);
  }
  EngineSession* session = endpoint.find_by_key(engine.sid);
  if (session == nullptr) return refuse(connection, EngineCode::session_unknown);
  if (session->is_websocket()) return refuse(connection, EngineCode::bad_request);
  if (request.method == http::Method::get) return session->poll(connection);
  if (request.method == http::Method::post) return session->finish_post(connection);
  connection.answer({.status = 500, .header_lines = connection.cors_headers()});
}

/// Whether the request's page may ask, and does; if not, the request is answered.
bool passes_origin(Endpoint& endpoint, Connection& connection) {
  const http::Request& request = connection.parser().request();
  if (!is_allowed(endpoint, connection)) {
    ++endpoint.counters().origins_refused;
    endpoint.application().on_refused({.cause = RefusedRequest::Cause::origin,
                                       .client = connection.peer_address(),
                                       .origin = request.origin});
    refuse(connection, EngineCode::forbidden);
    return false;
  }
  if (request.method != http::Method::options || request.origin.empty()) return true;
  connection.answer({.status = 204,
                     .header_lines = endpoint.access().origins().preflight_headers(
                         request.origin, request.access_control_request_headers)});
  return false;
}

void route_api(Endpoint& endpoint, Connection& connection) {
  if (!passes_origin(endpoint, connection)) return;
  const http::Request& request = connection.parser().request();
  if (request.method != http::Method::get) {
    const std::string headers = "Allow: GET\r\n" + connection.cors_headers();
    return connection.answer({.status = 405, .header_lines = headers});
  }
  if (!may_open(endpoint, connection)) return;
  connection.bind(Role::api, {});
  endpoint.application().on_api_request({.connection = connection.id(),
                                         .path = request.path,
                                         .query = request.query,
                                         .authorization = request.authorization,
                                         .peer_address = connection.peer_address()});
}

void route_engine(Endpoint& endpoint, Connection& connection, std::size_t path) {
  if (!passes_origin(endpoint, connection)) return;
  const http::Request& request = connection.parser().request();
  const EngineRequest engine = read_engine_request(path, request);
  const TransportOptions& options = endpoint.options();
  const bool is_websocket = engine.transport == "websocket" && options.websocket;
  if (!is_websocket && !(engine.transport == "polling" && options.polling)) {
    return refuse(connection, EngineCode::transport_unknown);
  }
  if (is_websocket && request.upgrades_to_websocket) {
    return route_websocket(endpoint, connection, engine);
  }
  if (is_websocket) {
    const bool unknown = !engine.sid.empty() && endpoint.find_by_key(engine.sid) == nullptr;
    if (unknown) return refuse(connection, EngineCode::session_unknown);
    const bool bad_method = engine.sid.empty() && request.method != http::Method::get;
    return refuse(connection,
                  bad_method ? EngineCode::bad_handshake_method : EngineCode::bad_request);
  }
  if (request.upgrades_to_websocket) return refuse(connection, EngineCode::bad_request);
  route_polling(endpoint, connection, engine);
}

void route_file(Endpoint& endpoint, Connection& connection) {
  const http::Request& request = connection.parser().request();
  const bool readable = request.method == http::Method::get || request.method == http::Method::head;
  if (!readable) {
    return connection.answer({.status = 405, .header_lines = "Allow: GET, HEAD\r\n"});
  }
  const auto* file = endpoint.files() == nullptr ? nullptr : endpoint.files()->find(request.path);
  if (file == nullptr) {
    return connection.answer({.status = 404,
                              .content_type = "text/plain",
                              .body = "Not found\n",
                              .header_lines = kNoSniff});
  }
  const std::string headers =
      fmt::format("ETag: {}\r\nCache-Control: no-cache\r\n{}", file->etag, kNoSniff);
  // Found within a list and behind the W/ that a compressing proxy adds: 16 digits in quotes can't
  // be part of another tag.
  if (request.if_none_match.find(file->etag) != std::string_view::npos) {
    return connection.answer({.status = 304, .header_lines = headers});
  }
  connection.answer(
      {.content_type = file->content_type, .body = file->bytes, .header_lines = headers});
}

}  // namespace

std::optional<WorkerId> home_of_request(Endpoint& endpoint, const Connection& connection) {
  const http::Request& request = connection.parser().request();
  const auto path = engine_path_of(endpoint, request.path);
  if (!path) return std::nullopt;
  const auto place = engineio::place_of(read_engine_request(*path, request).sid);
  const bool elsewhere = place && place->home.node == endpoint.home().node &&
                         place->home.worker != endpoint.home().worker;
  return elsewhere ? std::optional(place->home.worker) : std::nullopt;
}

void route_head(Endpoint& endpoint, Connection& connection) {
  const http::Request& request = connection.parser().request();
  const auto path = engine_path_of(endpoint, request.path);
  if (!path || request.method != http::Method::post || request.upgrades_to_websocket) return;
  if (!endpoint.options().polling || !is_allowed(endpoint, connection)) return;
  const EngineRequest engine = read_engine_request(*path, request);
  EngineSession* session = endpoint.find_by_key(engine.sid);
  if (session == nullptr || session->is_websocket() || engine.transport != "polling") return;
  (void)session->begin_post(connection);  // false: answered already, nothing is left to do
}

void route_request(Endpoint& endpoint, Connection& connection) {
  const http::Request& request = connection.parser().request();
  if (const auto path = engine_path_of(endpoint, request.path)) {
    return route_engine(endpoint, connection, *path);
  }
  const std::string& api_prefix = endpoint.options().api_prefix;
  if (!api_prefix.empty() && request.path.starts_with(api_prefix)) {
    return route_api(endpoint, connection);
  }
  const std::string& raw_path = endpoint.options().raw_websocket_path;
  if (!raw_path.empty() && request.path == raw_path) {
    const TransportOptions& options = endpoint.options();
    if (!upgrade(connection, options.raw_message_bytes_max, options.raw_deflate)) return;
    return connection.bind(Role::raw, {});
  }
  route_file(endpoint, connection);
}

}  // namespace outcry::transport
