// config/config.h — everything that can be configured, with its default.
//
// The members here are the values and their defaults. Their names in the file and in the
// environment, units, limits and meanings stand in one table (config/keys.h), which drives
// reading, checking and printing; docs/reference/config.md is printed from it.
//
//   defaults  <  TOML file  <  OUTCRY_SECTION_KEY in the environment
//
// Read at start-up and shared read-only. A reload (config/reload.h) makes a new one.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace outcry::config {

using Strings = std::vector<std::string>;

/// [server]: the port for clients.
struct ServerConfig {
  std::string listen = "127.0.0.1:5000";
  std::size_t workers = 0;  // 0: as many as there are cores, less one for control from three on
  bool pin_workers = false;
  std::string tls_certificate_file;  // empty, as is the key: plain connections
  std::string tls_key_file;
  std::map<std::string, std::string> tls_certificates;  // further ones: certificate -> key file
  std::string tls_version_min = "1.2";
  std::string path = "/socket.io/";
  seconds hsts_max_age{31'536'000};  // a year; over TLS only
  std::string plain_http = "refuse";
  Strings trusted_proxies;  // addresses and ranges
  std::string proxy_protocol = "off";
  Strings allowed_origins;  // exact; "*" in development only; same-origin is always allowed
  std::string static_dir;
  std::size_t connections_max = 20'000;
  std::size_t listen_backlog = 4096;
  std::size_t accept_batch_max = 64;
  milliseconds accept_late{25};
  milliseconds accept_pause{50};
  std::size_t header_bytes_max = 16'384;
  std::size_t headers_max = 100;
  milliseconds request_timeout{10'000};
  milliseconds keep_alive_timeout{65'000};
  std::size_t pipelined_requests_max = 16;
  milliseconds drain{5'000};
};

/// [engine]: Engine.IO sessions.
struct EngineConfig {
  milliseconds ping_interval{25'000};
  milliseconds ping_timeout{20'000};
  milliseconds upgrade_timeout{10'000};
  milliseconds connect_timeout{10'000};
  seconds session_max{86'400};
  std::size_t session_jitter_percent = 10;
  seconds idle_timeout{0};  // 0: none
  std::size_t max_payload_bytes = 1'000'000;
  std::size_t polling_packets_max = 16;
  Strings transports{"polling", "websocket"};
  bool permessage_deflate = false;
  std::size_t deflate_min_bytes = 1024;
  std::size_t outbox_bytes_max = 1'048'576;
  std::size_t backlog_bytes_max = 268'435'456;
};

/// [socketio]: namespaces, packets and rooms of one socket.
struct SocketioConfig {
  Strings namespaces{"/"};
  std::size_t attachments_max = 10;
  std::size_t attachment_bytes_max = 1'000'000;
  std::size_t rooms_per_socket_max = 100;
  std::size_t pending_joins_max = 16;
};

/// [operations]: the port for back ends and operators.
struct OperationsConfig {
  std::string listen = "127.0.0.1:5001";
  Strings api_keys;
  std::string api_keys_file;  // its keys are in api_keys after loading
  std::size_t body_bytes_max = 1'048'576;
  std::string tls_certificate_file;  // empty, as is the key: plain connections
  std::string tls_key_file;
  std::string tls_client_ca_file;  // empty: callers need no certificate
};

/// [auth]: who a client is.
struct AuthConfig {
  std::string secret;
  std::string secret_file;          // its content is in secret after loading
  std::string algorithm = "HS256";  // of the secret
  /// `kid` -> algorithm and PEM file: "ES256 keys/2026-a.pem".
  std::map<std::string, std::string> public_keys;
  std::string jwks_file;
  std::string jwks_url;
  std::string jwks_ca_file;
  seconds jwks_refresh{300};
  seconds jwks_refetch_min{10};
  milliseconds jwks_timeout{2'000};
  std::size_t jwks_bytes_max = 262'144;
  Strings identity_claims{"user_id", "sub"};
  seconds age_max{3600};
  seconds leeway{30};
  std::size_t token_bytes_max = 8192;
  std::string issuer;
  std::string audience;
  Strings required_claims;  // "name", or "name=text"
  std::string query_parameter = "token";
  std::size_t cache_entries_max = 1024;  // of each worker
  seconds expiry_warning{60};
  std::size_t revocations_max = 100'000;
  std::string revocation_prefix;  // of Redis keys
  milliseconds revocation_scan{500};
};

/// [bus]: where events come from.
struct BusConfig {
  std::string redis;       // empty: no Redis, events come by HTTP only
  std::string redis_file;  // its content is in redis after loading
  Strings python_channels{"tradesense_websocket"};
  Strings node_prefixes{"socket.io"};
  bool python_json_legacy_args = false;
  std::size_t message_bytes_max = 1'048'576;
  milliseconds reconnect_min{100};
  milliseconds reconnect_max{5'000};
  milliseconds connect_timeout{2'000};
  milliseconds heartbeat{1'000};
};

/// [store]: who owns what.
struct StoreConfig {
  // "sqlite:PATH" or "postgresql://…"; empty: no store, rooms with an owner can't be joined
  std::string url;
  std::string url_file;  // its content is in url after loading
  std::string owner_query = "SELECT 1 FROM challenges WHERE id = $1 AND user_id = $2";
  milliseconds question_timeout{1'000};
  std::size_t connections_max = 4;
  milliseconds connect_timeout{3'000};
  milliseconds idle_check{10'000};
  std::size_t failures_max = 10;
  milliseconds failure_pause{1'000};
  milliseconds cache_owned{60'000};
  milliseconds cache_denied{5'000};
  std::size_t cache_entries_max = 100'000;
  std::size_t queue_max = 10'000;
};

/// [rooms]: templates of the rooms that a client may join (auth/room_policy.h).
struct RoomsConfig {
  Strings owner{"challenge_{id}"};
  Strings grant;
  Strings http;
  Strings http_fail_open;
  Strings user{"user_{id}"};
  Strings everyone{"symbol_{id}", "market_updates"};  // key: public
  milliseconds recheck{0};
};

/// [policy_grant]: who lists the rooms of `rooms.grant`.
struct PolicyGrantConfig {
  std::string claim = "rooms";  // of a token; empty: tokens list none
  std::string secret;           // of signed grants; empty: there are none
  std::string secret_file;      // its content is in secret after loading
  seconds age_max{300};
};

/// [policy_http]: the back end that decides about the rooms of `rooms.http`.
struct PolicyHttpConfig {
  std::string url;
  std::string secret;
  std::string secret_file;  // its content is in secret after loading
  std::string ca_file;
  milliseconds timeout{1'000};
  milliseconds cache_allowed{60'000};
  milliseconds cache_denied{5'000};
  std::size_t requests_max = 16;
  std::size_t queue_max = 10'000;
  std::size_t failures_max = 10;
  milliseconds failure_pause{1'000};
};

/// [events]: what happens to an event by its name.
struct EventsConfig {
  /// Event name -> further names that the same event is delivered under, after its own.
  std::map<std::string, Strings> aliases{
      {"equity_updated", {"EQUITY_UPDATED"}},
      {"challenge_status_changed", {"CHALLENGE_STATUS_CHANGED"}},
      {"risk_alert", {"RISK_ALERT"}},
  };
  Strings latest{"equity_updated"};
  Strings volatile_events;  // key: volatile
  /// `latest` event -> the member of its first argument whose values are kept apart.
  std::map<std::string, std::string> keys;
  milliseconds latest_interval{0};
  milliseconds conflation{1'000};
  Strings snapshot{"challenge_status_changed"};
  Strings acknowledge;  // whose clients are asked for an acknowledgement
  Strings receipts;     // of these: of which is kept what became of them, client by client
  std::string id_member = "event_id";  // of the first argument; empty: none
  std::size_t ids_max = 100'000;
  std::size_t snapshot_rooms_max = 100'000;
  std::size_t snapshot_bytes_max = 268'435'456;
};

/// [eventlog]: what outlives its delivery, and for how long.
struct EventlogConfig {
  std::string path;  // empty: in memory only
  bool sync = true;
  std::string must = "before_delivery";
  std::string latest = "async";
  std::map<std::string, std::string> events;  // event -> when it is written
  seconds age_max{86'400};
  std::size_t events_max = 1'000'000;
  std::size_t bytes_max = 1'073'741'824;
  std::map<std::string, std::string> rooms;  // template -> retention (config/retention_rules.h)
  std::size_t memory_events_max = 1'000'000;
  std::size_t memory_bytes_max = 268'435'456;
  std::size_t waiting_bytes_max = 67'108'864;
};

/// [audit]: what is recorded so that nobody can change it, and for how long (src/audit).
struct AuditConfig {
  std::string path;      // a directory; empty: nothing is recorded
  std::string key_file;  // empty: audit.key in that directory
  Strings records{"connections", "rooms", "publications", "administration"};
  std::string publications = "all";
  milliseconds sync{1'000};
  std::size_t checkpoint_records = 1'000;
  seconds checkpoint{60};
  std::size_t file_bytes_max = 67'108'864;
  seconds file_age_max{86'400};
  seconds age_max{34'560'000};  // 400 days
  std::size_t bytes_max = 0;
  std::size_t waiting_bytes_max = 67'108'864;
};

/// [recovery]: clients that come back.
struct RecoveryConfig {
  bool enabled = true;
  std::string clients = "auto";
  milliseconds window{120'000};
  std::size_t sockets_max = 100'000;
  std::size_t events_max = 10'000;
  std::string position_event = "position";
  std::string cursors = "user";
  std::size_t cursors_max = 100'000;
  std::size_t unacknowledged_max = 256;
  bool http_reads = false;
};

/// [contract]: which tokens are greeted after CONNECT (`connected`, rooms), and how.
struct ContractConfig {
  Strings greet_identity_claims{"sub"};
  Strings greet_rooms{"user_{user}", "market_updates"};  // {user} is the token's user
};

/// [limits]: what clients may ask for before they are refused for a while.
struct LimitsConfig {
  bool dry_run = false;
  Strings exempt_addresses{"127.0.0.0/8", "::1"};
  std::size_t ipv6_prefix_bits = 64;
  std::size_t user_sockets_max = 100;
  std::size_t address_sockets_max = 5'000;
  std::size_t address_connections_max = 10'000;
  std::size_t address_connects_per_second = 100;  // 0, as with all that end so: no limit
  std::size_t address_connects_burst = 2'000;
  std::size_t connection_packets_per_second = 100;
  std::size_t connection_packets_burst = 1'000;
  std::size_t connection_bytes_per_second = 131'072;
  std::size_t connection_bytes_burst = 4'194'304;
  std::size_t user_packets_per_second = 500;
  std::size_t user_packets_burst = 5'000;
  std::size_t user_bytes_per_second = 524'288;
  std::size_t user_bytes_burst = 16'777'216;
  std::size_t user_joins_per_second = 50;
  std::size_t user_joins_burst = 1'000;
  std::size_t user_failed_joins_delay_at = 10;
  std::size_t user_failed_joins_ban_at = 50;
  std::size_t address_failed_joins_delay_at = 100;
  std::size_t address_failed_joins_ban_at = 500;
  milliseconds failed_join_forgotten{10'000};
  milliseconds failed_join_delay{1'000};
  seconds ban{600};
  std::size_t bans_max = 10'000;
};

/// [log]
struct LogConfig {
  std::string level = "info";
};

struct Config {
  ServerConfig server;
  EngineConfig engine;
  SocketioConfig socketio;
  OperationsConfig operations;
  AuthConfig auth;
  BusConfig bus;
  StoreConfig store;
  RoomsConfig rooms;
  PolicyGrantConfig policy_grant;
  PolicyHttpConfig policy_http;
  EventsConfig events;
  EventlogConfig eventlog;
  AuditConfig audit;
  RecoveryConfig recovery;
  ContractConfig contract;
  LimitsConfig limits;
  LogConfig log;
};

/// A configuration that can't be used. what() is for the operator: one line a problem, each naming
/// the key, its place, the limit and the remedy. Never holds a secret.
class ConfigError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// OUTCRY_* variables by name.
using Environment = std::map<std::string, std::string>;
[[nodiscard]] Environment process_environment();

struct LoadOptions {
  std::optional<std::filesystem::path> file;  // absent: defaults and environment only
  Environment environment;
  /// A development run: weak secrets, "*" as origin and plain HTTP from anywhere are allowed, HSTS
  /// isn't sent, a missing secret or API key is made up for this run (see LoadedConfig::notices).
  bool development = false;
};

struct LoadedConfig {
  Config config;
  /// Keys ("section.name") whose values were made up for a development run.
  Strings made_up;
  /// For the operator's eyes: made-up keys of a development run, variables that look mistyped.
  Strings notices;
};

/// Reads the values, resolves `*_file` keys (relative to the working directory) and applies the
/// rules of a production or development run. Throws ConfigError.
[[nodiscard]] LoadedConfig load_config(const LoadOptions& options);

/// The same without the rules that span keys: for commands that need a few values only.
[[nodiscard]] LoadedConfig read_config(const LoadOptions& options);

/// The content of a file that holds one secret; a line end at its end is left out.
/// Throws ConfigError, which names `key`, if it can't be read or has more than 64 KiB.
[[nodiscard]] std::string read_secret_file(const std::string& path, std::string_view key);

/// "host:port", "[::1]:port" or ":port" (all addresses). Port 0 asks the system for a free one.
struct ListenAddress {
  std::string host;  // a numeric address; empty: all
  std::uint16_t port = 0;

  bool operator==(const ListenAddress&) const = default;
};
[[nodiscard]] std::optional<ListenAddress> parse_listen_address(std::string_view text);

}  // namespace outcry::config
