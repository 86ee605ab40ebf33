#include "gateway/gateway_setup.h"

#include <algorithm>
#include <sys/resource.h>

#include <fmt/format.h>

#include "config/auth.h"
#include "config/tls.h"
#include "gateway/event_reads.h"
#include "gateway/placement.h"
#include "net/cpu.h"
#include "protocol/engineio/session_key.h"
#include "store/postgres_store.h"
#include "store/postgres_url.h"
#include "store/sqlite_store.h"

namespace outcry::gateway {
namespace {

// The kernel spreads connections over the workers' listeners by a hash, not evenly.
constexpr double kUnevenShare = 1.25;
// Besides connections: listeners, Redis, the store, operations, logs.
constexpr std::size_t kOtherFiles = 320;

/// What one worker takes at most. All of them together must leave files for everything else: who
/// fills the clients' port shall not cut off Redis, the store or the operators.
std::size_t worker_connections(const config::Config& config, std::size_t files) {
  const std::size_t wanted = config.server.connections_max;
  const std::size_t workers = worker_count(config);
  const double share = static_cast<double>(wanted) / static_cast<double>(workers);
  const auto uneven = static_cast<std::size_t>(share * kUnevenShare) + 1;
  const std::size_t for_clients = files - std::min(kOtherFiles, files / 2);
  return std::min({wanted, uneven, std::max<std::size_t>(for_clients / workers, 1)});
}

bool lists(const config::Strings& list, std::string_view word) {
  return std::ranges::find(list, word) != list.end();
}

auth::RoomPolicy room_policy(const config::RoomsConfig& config) {
  std::vector<auth::RoomTemplate> templates;
  for (const auto& text : config.owner) templates.push_back({text, auth::RoomAccess::owner});
  for (const auto& text : config.grant) templates.push_back({text, auth::RoomAccess::grant});
  for (const auto& text : config.http) templates.push_back({text, auth::RoomAccess::http});
  for (const auto& text : config.http_fail_open) {
    templates.push_back({text, auth::RoomAccess::http_open});
  }
  for (const auto& text : config.user) templates.push_back({text, auth::RoomAccess::user});
  for (const auto& text : config.everyone) templates.push_back({text, auth::RoomAccess::everyone});
  auto policy = auth::RoomPolicy::create(templates);
  if (!policy) throw config::ConfigError("rooms: " + policy.error().message());
  return std::move(*policy);
}

/// Grants are tokens of another key, short-lived, whose `rooms` say for what.
std::optional<auth::TokenVerifier> grant_verifier(const config::Config& config) {
  const config::PolicyGrantConfig& grant = config.policy_grant;
  if (grant.secret.empty()) return std::nullopt;
  return auth::TokenVerifier({{.material = grant.secret}},
                             {.identity_claims = config.auth.identity_claims,
                              .age_max = grant.age_max,
                              .leeway = config.auth.leeway,
                              .token_bytes_max = config.auth.token_bytes_max,
                              .rooms_claim = grant.claim.empty() ? "rooms" : grant.claim});
}

}  // namespace

std::size_t worker_count(const config::Config& config) {
  return place(config.server, net::cpu_budget()).workers;
}

transport::AccessOptions access_options(const config::ServerConfig& server) {
  transport::AccessOptions out{.allowed_origins = server.allowed_origins,
                               .plain_http = server.plain_http == "allow",
                               .hsts_max_age = server.hsts_max_age};
  for (const std::string& proxy : server.trusted_proxies) {
    const auto range = net::IpRange::parse(proxy);
    if (!range) throw config::ConfigError("server.trusted_proxies: not an address: " + proxy);
    out.trusted_proxies.push_back(*range);
  }
  return out;
}

transport::ConnectionLimits connection_limits(const limits::Limits& limits) {
  return {.packets = limits.connection_packets,
          .bytes = limits.connection_bytes,
          .dry_run = limits.dry_run};
}

transport::TransportOptions transport_options(const config::Config& config, std::size_t files) {
  const config::ServerConfig& server = config.server;
  const config::EngineConfig& engine = config.engine;
  transport::TransportOptions out;
  out.engine_paths = {server.path};
  if (config.recovery.http_reads) out.api_prefix = kApiPrefix;
  out.access = access_options(server);
  out.proxy_protocol = server.proxy_protocol == "required";
  out.tls = config::clients_tls(server);
  out.polling = lists(engine.transports, "polling");
  out.websocket = lists(engine.transports, "websocket");
  out.ping_interval = engine.ping_interval;
  out.ping_timeout = engine.ping_timeout;
  out.upgrade_timeout = engine.upgrade_timeout;
  out.confirm_timeout = engine.connect_timeout;
  out.request_timeout = server.request_timeout;
  out.keep_alive_timeout = server.keep_alive_timeout;
  out.message_bytes_max = static_cast<std::uint32_t>(engine.max_payload_bytes);
  out.head_bytes_max = server.header_bytes_max;
  out.headers_max = server.headers_max;
  out.pipelined_requests_max = server.pipelined_requests_max;
  out.polling_packets_max = engine.polling_packets_max;
  out.outbox_bytes_max = engine.outbox_bytes_max;
  out.backlog_bytes_max = engine.backlog_bytes_max;
  out.conflation = config.events.conflation;
  out.connections_max = worker_connections(config, files);
  out.accepts_per_tick = server.accept_batch_max;
  out.accept_late_tick = server.accept_late;
  out.accept_pause = server.accept_pause;
  // Polling ones may have no connection just now.
  out.sessions_max = std::min<std::size_t>(2 * out.connections_max, engineio::kSlotsMax);
  out.limits = connection_limits(LimitRules(config.limits, limits::KeyHash::random()).limits);
  out.session_max = engine.session_max;
  out.session_jitter = static_cast<double>(engine.session_jitter_percent) / 100;
  out.idle_timeout = engine.idle_timeout;
  out.deflate = engine.permessage_deflate;
  out.deflate_bytes_min = engine.deflate_min_bytes;
  return out;
}

SharedRules shared_rules(const config::Config& config, const RecoveryIds::Key& key) {
  const limits::KeyHash hash = limits::KeyHash::random();
  return SharedRules{
      .config = config,
      .verifier = std::make_shared<const auth::TokenVerifier>(config::token_keys(config.auth),
                                                              config::token_policy(config)),
      .rooms = room_policy(config.rooms),
      .grants = grant_verifier(config),
      .packet_limits = {.attachments_max =
                            static_cast<std::uint32_t>(config.socketio.attachments_max),
                        .attachment_bytes_max = config.socketio.attachment_bytes_max},
      .limits = std::make_shared<const LimitRules>(config.limits, hash, worker_count(config)),
      .hash = hash,
      .recovery_ids = RecoveryIds(key),
      .stores_sockets = config.recovery.enabled && !config.eventlog.path.empty(),
      .cursors_by_device = config.recovery.cursors == "device",
      .audit = AuditRules::of(config.audit)};
}

transport::StaticFiles static_files(const config::Config& config) {
  const std::string& directory = config.server.static_dir;
  if (directory.empty()) return {};
  auto files = transport::StaticFiles::load(directory);
  if (!files) {
    throw config::ConfigError(
        fmt::format("server.static_dir: can't read '{}': {}", directory, files.error().message()));
  }
  return std::move(*files);
}

std::unique_ptr<store::OwnerStore> owner_store(const config::StoreConfig& config,
                                               const boost::asio::any_io_executor& executor) {
  if (config.url.empty()) return nullptr;
  if (store::is_postgres_url(config.url)) {
    return std::make_unique<store::PostgresStore>(
        executor, store::PostgresStoreOptions{
                      .url = config.url,
                      .owner_query = config.owner_query,
                      .question_timeout = config.question_timeout,
                      .queue_max = config.queue_max,
                      .connections_max = config.connections_max,
                      .connect_timeout = config.connect_timeout,
                      .idle_check = config.idle_check,
                      .breaker = {.failures_max = static_cast<std::uint32_t>(config.failures_max),
                                  .pause = config.failure_pause}});
  }
  const store::SqliteStoreOptions options{
      .path = config.url.substr(std::string_view("sqlite:").size()),
      .owner_query = config.owner_query,
      .question_timeout = config.question_timeout,
      .queue_max = config.queue_max};
  std::string why;
  if (store::SqliteStore::check(options, why) == store::StoreError::bad_query) {
    throw config::ConfigError("store.owner_query can't be used: " + why);
  }
  return std::make_unique<store::SqliteStore>(executor, options);
}

std::size_t raise_file_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return std::numeric_limits<std::size_t>::max();
  limit.rlim_cur = limit.rlim_max;
  (void)::setrlimit(RLIMIT_NOFILE, &limit);  // the next line sees what came of it
  (void)::getrlimit(RLIMIT_NOFILE, &limit);
  return limit.rlim_cur;
}

std::string file_shortage(const config::Config& config, std::size_t files) {
  const std::size_t wanted = config.server.connections_max + kOtherFiles;
  if (files >= wanted) return {};
  return fmt::format(
      "server.connections_max = {} needs {} open files, the system allows {}: each worker takes "
      "{} connections at most; raise the limit (LimitNOFILE, ulimit -n) or lower the key",
      config.server.connections_max, wanted, files, worker_connections(config, files));
}

}  // namespace outcry::gateway
