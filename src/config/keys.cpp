#include "config/keys.h"

#include <algorithm>
#include <array>

#include "config/key_tables.h"

namespace outcry::config {
namespace {

using namespace std::string_view_literals;

constexpr std::uint64_t kMiB = 1'048'576;
constexpr std::uint64_t kHourMs = 3'600'000;
constexpr std::uint64_t kListMax = 64;

constexpr std::array kTransports{"polling"sv, "websocket"sv};
constexpr std::array kTlsVersions{"1.2"sv, "1.3"sv};
constexpr std::array kPlainHttp{"refuse"sv, "allow"sv};
constexpr std::array kProxyProtocol{"off"sv, "required"sv};
constexpr std::array kLevels{"debug"sv, "info"sv, "warning"sv, "error"sv};

using S = ServerConfig;
constexpr std::array kServerKeys{
    ConfigKey{"server", "listen", &member<&Config::server, &S::listen>,
              "Address and port for clients: \"127.0.0.1:5000\", \"[::1]:5000\", or \":5000\" for "
              "all addresses. Port 0 takes a free one."},
    ConfigKey{"server", "workers", &member<&Config::server, &S::workers>,
              "Worker threads. 0: one for each CPU that the process may use, its cgroup's quota "
              "counted; from three on one is left to the control thread.",
              "threads", 0, 64},
    ConfigKey{"server", "pin_workers", &member<&Config::server, &S::pin_workers>,
              "Each worker keeps to one CPU, the control thread to the next if there is one. For "
              "machines that run nothing else; without effect under a CPU quota and with more "
              "workers than CPUs."},
    reloadable({"server", "tls_certificate_file",
                &member<&Config::server, &S::tls_certificate_file>,
                "PEM file: the server's certificate, then those between it and its root. With "
                "`tls_key_file` the port speaks TLS and nothing else; without both, plain HTTP."}),
    reloadable({"server", "tls_key_file", &member<&Config::server, &S::tls_key_file>,
                "PEM file: the private key of that certificate, without a passphrase."}),
    reloadable(
        {"server", "tls_certificates", &member<&Config::server, &S::tls_certificates>,
         "Further certificates, each with its key: { \"shop.pem\" = \"shop.key\" }. A client "
         "gets the one that has the host name it asks for (SNI), exactly or by a wildcard; "
         "else that of `tls_certificate_file`."}),
    reloadable({"server", "tls_version_min", &member<&Config::server, &S::tls_version_min>,
                "Oldest version of TLS that a client may speak.", "", 0, 0, kTlsVersions}),
    reloadable({"server", "hsts_max_age_s", &member<&Config::server, &S::hsts_max_age>,
                "How long a browser shall reach this host by HTTPS alone, on any port "
                "(Strict-Transport-Security); sent where TLS ends here, except by a development "
                "run. 0: not sent.",
                "s", 0, 63'072'000}),
    reloadable({"server", "plain_http", &member<&Config::server, &S::plain_http>,
                "What becomes of a request that came over plain HTTP: `refuse` serves it only to "
                "clients on this machine and to those that came to a trusted proxy by HTTPS, and "
                "answers others 403; `allow` serves all, as a development run does.",
                "", 0, 0, kPlainHttp}),
    reloadable({"server", "trusted_proxies", &member<&Config::server, &S::trusted_proxies>,
                "Addresses (\"10.0.0.7\") and ranges (\"10.0.0.0/8\") of the proxies whose "
                "X-Forwarded-For, X-Forwarded-Proto and PROXY headers are believed. Of anyone else "
                "they are ignored and counted.",
                "", 0, kListMax}),
    ConfigKey{"server", "proxy_protocol", &member<&Config::server, &S::proxy_protocol>,
              "`required`: every connection begins with a PROXY header, version 1 or 2, ahead of "
              "TLS, and comes from a trusted proxy; others are closed.",
              "", 0, 0, kProxyProtocol},
    ConfigKey{"server", "path", &member<&Config::server, &S::path>,
              "Request path of Engine.IO. Begins and ends with a slash."},
    reloadable({"server", "allowed_origins", &member<&Config::server, &S::allowed_origins>,
                "Origins of pages that may connect, compared exactly: \"https://app.example.com\". "
                "Pages that this server serves itself may always. \"*\" only in a development run.",
                "", 0, 256}),
    ConfigKey{"server", "static_dir", &member<&Config::server, &S::static_dir>,
              "Directory of files to serve outside of `path`; empty: none."},
    ConfigKey{
        "server", "connections_max", &member<&Config::server, &S::connections_max>,
        "Open connections. Each worker takes its share of them and a quarter more, since the "
        "kernel spreads them unevenly; further ones are closed at once. All of them together leave "
        "some of the files that the process may open to everything else.",
        "connections", 1, 10'000'000},
    ConfigKey{"server", "listen_backlog", &member<&Config::server, &S::listen_backlog>,
              "Connections that may wait to be accepted, for each worker; the kernel keeps at most "
              "net.core.somaxconn. Who finds no place tries again after a second.",
              "connections", 1, 1'048'576},
    ConfigKey{"server", "accept_batch_max", &member<&Config::server, &S::accept_batch_max>,
              "Connections that a worker accepts in a row, after it has served those it has.",
              "connections", 1, 65'536},
    ConfigKey{"server", "accept_late_ms", &member<&Config::server, &S::accept_late>,
              "A worker that has been busy with its connections for this long accepts none before "
              "it has caught up; 0: it accepts always.",
              "ms", 0, 60'000},
    ConfigKey{"server", "accept_pause_ms", &member<&Config::server, &S::accept_pause>,
              "But after this time it accepts one batch, however late it is.", "ms", 0, 60'000},
    ConfigKey{"server", "header_bytes_max", &member<&Config::server, &S::header_bytes_max>,
              "Request line and headers of one request; more is answered 431.", "bytes", 1024,
              kMiB},
    ConfigKey{"server", "headers_max", &member<&Config::server, &S::headers_max>,
              "Header lines of one request; more is answered 431.", "lines", 8, 1000},
    ConfigKey{"server", "request_timeout_ms", &member<&Config::server, &S::request_timeout>,
              "Time for a request to arrive completely; then 408 and close.", "ms", 100, kHourMs},
    ConfigKey{"server", "keep_alive_timeout_ms", &member<&Config::server, &S::keep_alive_timeout>,
              "Time that an idle HTTP connection stays open for its next request. Longer than the "
              "proxy's in front, so that the proxy closes first.",
              "ms", 0, kHourMs},
    ConfigKey{
        "server", "pipelined_requests_max", &member<&Config::server, &S::pipelined_requests_max>,
        "Requests of one connection that are answered in a row; further ones wait for a turn.",
        "requests", 1, 1024},
    ConfigKey{"server", "drain_ms", &member<&Config::server, &S::drain>,
              "At SIGTERM clients are told to reconnect; the process ends when all are gone, and "
              "after this time at the latest.",
              "ms", 0, kHourMs},
};

using E = EngineConfig;
constexpr std::array kEngineKeys{
    ConfigKey{"engine", "ping_interval_ms", &member<&Config::engine, &E::ping_interval>,
              "Time between heartbeats.", "ms", 50, kHourMs},
    ConfigKey{"engine", "ping_timeout_ms", &member<&Config::engine, &E::ping_timeout>,
              "Time for a client to answer one; then its session is closed.", "ms", 50, kHourMs},
    ConfigKey{"engine", "upgrade_timeout_ms", &member<&Config::engine, &E::upgrade_timeout>,
              "Time for an upgrade from polling to WebSocket to finish.", "ms", 50, kHourMs},
    ConfigKey{"engine", "connect_timeout_ms", &member<&Config::engine, &E::connect_timeout>,
              "Time for a new session to join a namespace; then it is closed.", "ms", 50, kHourMs},
    ConfigKey{
        "engine", "session_max_s", &member<&Config::engine, &E::session_max>,
        "How long a session lasts at most; then its client is told to connect again (`4410`). "
        "0: as long as its token.",
        "s", 0, 31 * 86'400},
    ConfigKey{"engine", "session_jitter_percent",
              &member<&Config::engine, &E::session_jitter_percent>,
              "By how much of that sessions end sooner, each by chance, so that those who came "
              "together don't come back together.",
              "%", 0, 90},
    ConfigKey{"engine", "idle_timeout_s", &member<&Config::engine, &E::idle_timeout>,
              "Time without an event in either direction, in steps of the heartbeat; then the "
              "session is closed (`4410`). 0: it may be silent.",
              "s", 0, 31 * 86'400},
    ConfigKey{"engine", "max_payload_bytes", &member<&Config::engine, &E::max_payload_bytes>,
              "Largest message or polling body from a client; a larger one ends the session.",
              "bytes", 1024, 64 * kMiB},
    ConfigKey{"engine", "polling_packets_max", &member<&Config::engine, &E::polling_packets_max>,
              "Packets in one answer to a poll; what is left waits for the next. Python clients "
              "refuse more than 16.",
              "packets", 1, 10'000},
    ConfigKey{"engine", "transports", &member<&Config::engine, &E::transports>,
              "What a client may connect with.", "", 1, 2, kTransports},
    ConfigKey{"engine", "permessage_deflate", &member<&Config::engine, &E::permessage_deflate>,
              "Compress WebSocket messages where the client offers it. An event is compressed once "
              "for all members of its room."},
    ConfigKey{"engine", "deflate_min_bytes", &member<&Config::engine, &E::deflate_min_bytes>,
              "Messages below this are sent uncompressed.", "bytes", 0, kMiB},
    ConfigKey{"engine", "outbox_bytes_max", &member<&Config::engine, &E::outbox_bytes_max>,
              "What may wait for a slow client; above it the client is disconnected and may come "
              "back.",
              "bytes", 16'384, 1024 * kMiB},
    ConfigKey{
        "engine", "backlog_bytes_max", &member<&Config::engine, &E::backlog_bytes_max>,
        "What may wait for all slow clients of a worker; above it those are disconnected that "
        "hold more than their share, and may come back.",
        "bytes", kMiB, 1024 * 1024 * kMiB},
};

using I = SocketioConfig;
constexpr std::array kSocketioKeys{
    ConfigKey{"socketio", "namespaces", &member<&Config::socketio, &I::namespaces>,
              "Namespaces that exist; connecting to another is refused. Begins with \"/\".", "", 1,
              kListMax},
    ConfigKey{"socketio", "attachments_max", &member<&Config::socketio, &I::attachments_max>,
              "Binary attachments of one packet from a client.", "attachments", 0, 1000},
    ConfigKey{"socketio", "attachment_bytes_max",
              &member<&Config::socketio, &I::attachment_bytes_max>,
              "All attachments of one packet from a client together.", "bytes", 0, 64 * kMiB},
    ConfigKey{"socketio", "rooms_per_socket_max",
              &member<&Config::socketio, &I::rooms_per_socket_max>,
              "Rooms that one socket may be in; a further join is refused.", "rooms", 1, 10'000},
    ConfigKey{"socketio", "pending_joins_max", &member<&Config::socketio, &I::pending_joins_max>,
              "Joins of one socket that wait for their answer; a further one is refused.", "joins",
              1, 1000},
};

using O = OperationsConfig;
constexpr std::array kOperationsKeys{
    ConfigKey{"operations", "listen", &member<&Config::operations, &O::listen>,
              "Address and port of the publish API, metrics and health. Keep it private."},
    reloadable({"operations",
                "api_keys",
                &member<&Config::operations, &O::api_keys>,
                "Keys that callers send as X-API-Key; at least 16 characters each.",
                "",
                0,
                kListMax,
                {},
                true}),
    reloadable({"operations", "api_keys_file", &member<&Config::operations, &O::api_keys_file>,
                "File with such keys, one a line.", "", 0, 0}),
    ConfigKey{"operations", "body_bytes_max", &member<&Config::operations, &O::body_bytes_max>,
              "Largest request body; more is answered 413.", "bytes", 1024, 64 * kMiB},
    reloadable({"operations", "tls_certificate_file",
                &member<&Config::operations, &O::tls_certificate_file>,
                "PEM file: this port's certificate, then those between it and its root. With "
                "`tls_key_file` the port speaks TLS and nothing else; without both, plain HTTP."}),
    reloadable({"operations", "tls_key_file", &member<&Config::operations, &O::tls_key_file>,
                "PEM file: the private key of that certificate, without a passphrase."}),
    reloadable({"operations", "tls_client_ca_file",
                &member<&Config::operations, &O::tls_client_ca_file>,
                "PEM file of roots: every caller, also a probe, must show a certificate that leads "
                "to one of them; empty: none is asked for."}),
};

using B = BusConfig;
constexpr std::array kBusKeys{
    ConfigKey{"bus",
              "redis",
              &member<&Config::bus, &B::redis>,
              "\"redis://[user:password@]host:port/db\"; empty: no Redis, events come by the "
              "operations port only.",
              "",
              0,
              0,
              {},
              true},
    ConfigKey{"bus", "redis_file", &member<&Config::bus, &B::redis_file>,
              "File whose content is that URL."},
    ConfigKey{"bus", "python_channels", &member<&Config::bus, &B::python_channels>,
              "Channels of Flask-SocketIO and python-socketio publishers.", "", 0, kListMax},
    ConfigKey{"bus", "node_prefixes", &member<&Config::bus, &B::node_prefixes>,
              "Key prefixes of @socket.io/redis-emitter publishers.", "", 0, kListMax},
    ConfigKey{"bus", "python_json_legacy_args", &member<&Config::bus, &B::python_json_legacy_args>,
              "A list in a Python publisher's JSON message is one argument, as python-socketio "
              "5.14.0 to 5.15.0 mean it; otherwise its elements are the arguments."},
    ConfigKey{"bus", "message_bytes_max", &member<&Config::bus, &B::message_bytes_max>,
              "Largest message from Redis; a larger one is dropped and counted.", "bytes", 1024,
              64 * kMiB},
    ConfigKey{"bus", "reconnect_min_ms", &member<&Config::bus, &B::reconnect_min>,
              "First pause before connecting again; it doubles, with jitter.", "ms", 1, kHourMs},
    ConfigKey{"bus", "reconnect_max_ms", &member<&Config::bus, &B::reconnect_max>,
              "Longest such pause.", "ms", 1, kHourMs},
    ConfigKey{"bus", "connect_timeout_ms", &member<&Config::bus, &B::connect_timeout>,
              "Time for a connection to Redis to be made.", "ms", 10, kHourMs},
    ConfigKey{
        "bus", "heartbeat_ms", &member<&Config::bus, &B::heartbeat>,
        "Time between PINGs on the subscription; without any answer for 3 s it counts as dead.",
        "ms", 50, kHourMs},
};

using V = EventsConfig;
constexpr std::array kEventsKeys{
    ConfigKey{
        "events", "latest", &member<&Config::events, &V::latest>,
        "Events of which only the newest matters: one that waits for a client that has fallen "
        "behind is superseded by the next of its room, name and key. A client that keeps up "
        "gets every event, and all others are delivered in full.",
        "", 0, 1024},
    ConfigKey{"events", "volatile", &member<&Config::events, &V::volatile_events>,
              "Events that are dropped for a client that can't take them at once.", "", 0, 1024},
    ConfigKey{"events", "keys", &member<&Config::events, &V::keys>,
              "For events in `latest`: the member of their object that tells apart what must not "
              "supersede each other, such as { quote = \"symbol\" }.",
              "", 0, 1024},
    ConfigKey{"events", "latest_interval_ms", &member<&Config::events, &V::latest_interval>,
              "Least time between two `latest` events of one room, name and key; the newest of "
              "those that come faster is sent at its end. 0: each is sent as it comes.",
              "ms", 0, 10'000},
    ConfigKey{"events", "conflation_ms", &member<&Config::events, &V::conflation>,
              "A `latest` event that has waited so long for a slow client keeps its place, so that "
              "one that is published all the time still arrives.",
              "ms", 0, kHourMs},
    ConfigKey{
        "events", "snapshot", &member<&Config::events, &V::snapshot>,
        "Further events whose newest is kept for each room and sent to who joins it later, as "
        "that of each key of a `latest` event is.",
        "", 0, kListMax},
    ConfigKey{"events", "snapshot_rooms_max", &member<&Config::events, &V::snapshot_rooms_max>,
              "Rooms with a value that is kept; the least recently used make room.", "rooms", 1,
              10'000'000},
    ConfigKey{"events", "snapshot_bytes_max", &member<&Config::events, &V::snapshot_bytes_max>,
              "All that is kept so; the least recently used rooms make room.", "bytes", 0, 1 << 30},
    ConfigKey{"events", "acknowledge", &member<&Config::events, &V::acknowledge>,
              "Events that each client is asked to acknowledge, by the callback of Socket.IO: what "
              "a user hasn't acknowledged is sent again when he joins its room next, or comes "
              "back. Of class `must`, and with `eventlog.path`.",
              "", 0, kListMax},
    ConfigKey{"events", "receipts", &member<&Config::events, &V::receipts>,
              "Events of `acknowledge` of which is kept when each client was sent them and "
              "acknowledged them, for 30 days at most: a row of the log for each.",
              "", 0, kListMax},
    ConfigKey{
        "events", "id_member", &member<&Config::events, &V::id_member>,
        "Member of an event's first argument that names the event: one that was accepted lately "
        "is not delivered again. An id in the publisher's own format comes first. Empty: none."},
    ConfigKey{"events", "ids_max", &member<&Config::events, &V::ids_max>,
              "So many ids of accepted events are remembered; the oldest are forgotten first.",
              "ids", 0, 10'000'000},
    ConfigKey{"events", "aliases", &member<&Config::events, &V::aliases>,
              "Further names that an event is delivered under, after its own.", "", 0, 256},
};

using C = ContractConfig;
constexpr std::array kContractKeys{
    ConfigKey{"contract", "greet_identity_claims",
              &member<&Config::contract, &C::greet_identity_claims>,
              "A token whose user was named by one of these claims is greeted with `connected` "
              "and put into `greet_rooms`.",
              "", 0, 8},
    ConfigKey{"contract", "greet_rooms", &member<&Config::contract, &C::greet_rooms>,
              "Those rooms; {user} is the token's user.", "", 0, 16},
};

constexpr std::array kLogKeys{
    reloadable({"log", "level", &member<&Config::log, &LogConfig::level>,
                "Least important level that is logged.", "", 0, 0, kLevels}),
};

std::vector<ConfigKey> all_keys() {
  std::vector<ConfigKey> all;
  const auto add = [&all](const auto& keys) { all.insert(all.end(), keys.begin(), keys.end()); };
  add(kServerKeys);
  add(kEngineKeys);
  add(kSocketioKeys);
  add(kOperationsKeys);
  add(auth_keys());
  add(kBusKeys);
  add(room_keys());
  add(kEventsKeys);
  add(eventlog_keys());
  add(audit_keys());
  add(recovery_keys());
  add(kContractKeys);
  add(limits_keys());
  add(kLogKeys);
  return all;
}

/// Insertions, removals and replacements between two words (Levenshtein).
std::size_t edits_between(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j < row.size(); ++j) row[j] = j;
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row.back();
}

}  // namespace

std::span<const ConfigKey> config_keys() {
  static const std::vector<ConfigKey> all = all_keys();
  return all;
}

const ConfigKey* find_key(std::string_view section, std::string_view name) {
  for (const ConfigKey& key : config_keys()) {
    if (key.section == section && key.name == name) return &key;
  }
  return nullptr;
}

bool is_section(std::string_view section) {
  return std::ranges::any_of(config_keys(),
                             [section](const ConfigKey& key) { return key.section == section; });
}

std::string full_name(const ConfigKey& key) {
  return std::string(key.section) + '.' + std::string(key.name);
}

std::string environment_name(const ConfigKey& key) {
  std::string name = "OUTCRY_" + std::string(key.section) + '_' + std::string(key.name);
  for (char& c : name) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return name;
}

std::string nearest(std::string_view word, std::span<const std::string> known) {
  std::string_view best;
  std::size_t fewest = std::max<std::size_t>(2, word.size() / 3);
  for (const std::string& candidate : known) {
    const std::size_t edits = edits_between(word, candidate);
    if (edits <= fewest && (best.empty() || edits < fewest)) {
      best = candidate;
      fewest = edits;
    }
  }
  return std::string(best);
}

}  // namespace outcry::config
