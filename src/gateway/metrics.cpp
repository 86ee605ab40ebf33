#include "gateway/metrics.h"

#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "gateway/close_reasons.h"
#include "gateway/gateway.h"

namespace outcry::gateway {
namespace {

using observe::MetricLabel;
using observe::MetricSample;
using observe::MetricType;

class Samples {
 public:
  explicit Samples(std::span<const WorkerStats> workers) : workers_(workers) {}

  void counter(std::string_view name, std::string_view help, std::uint64_t value,
               std::vector<MetricLabel> labels = {}) {
    add(name, help, MetricType::counter, static_cast<double>(value), std::move(labels));
  }
  void gauge(std::string_view name, std::string_view help, double value,
             std::vector<MetricLabel> labels = {}) {
    add(name, help, MetricType::gauge, value, std::move(labels));
  }
  template <class Get>
  std::uint64_t sum(Get&& get) const {
    std::uint64_t out = 0;
    for (const WorkerStats& worker : workers_) out += get(worker);
    return out;
  }
  template <class Get>
  void summed(std::string_view name, std::string_view help, Get&& get) {
    counter(name, help, sum(get));
  }

  [[nodiscard]] std::vector<MetricSample> take() { return std::move(samples_); }

 private:
  void add(std::string_view name, std::string_view help, MetricType type, double value,
           std::vector<MetricLabel> labels) {
    samples_.push_back({.name = std::string(name),
                        .help = std::string(help),
                        .type = type,
                        .labels = std::move(labels),
                        .value = value});
  }
  std::span<const WorkerStats> workers_;
  std::vector<MetricSample> samples_;
};

/// Who was let in, and by whose word.
void add_access(Samples& out) {
  const auto of = [](auto member) {
    return [member](const WorkerStats& w) { return w.transport.*member; };
  };
  using S = transport::TransportStats;
  out.summed("outcry_origins_refused_total", "Requests of pages that may not connect.",
             of(&S::origins_refused));
  out.summed("outcry_plain_http_refused_total",
             "Requests that came over plain HTTP from another machine, answered 403.",
             of(&S::plain_http_refused));
  out.summed("outcry_forwarded_ignored_total",
             "Requests with X-Forwarded-For or -Proto from a peer that isn't a trusted proxy.",
             of(&S::forwarded_ignored));
  out.summed("outcry_forwarded_malformed_total",
             "Requests of a trusted proxy whose X-Forwarded-For has something else than addresses.",
             of(&S::forwarded_malformed));
  out.summed("outcry_proxy_headers_refused_total",
             "Connections closed for want of a PROXY header from a trusted proxy.",
             of(&S::proxy_headers_refused));
}

void add_transport(Samples& out) {
  const auto of = [](auto member) {
    return [member](const WorkerStats& w) { return w.transport.*member; };
  };
  using S = transport::TransportStats;
  out.summed("outcry_connections_accepted_total", "TCP connections accepted.",
             of(&S::connections_accepted));
  out.summed("outcry_connections_refused_total",
             "TCP connections closed at once: over a limit, or no descriptor left.",
             of(&S::connections_refused));
  out.summed("outcry_connections_closed_total", "TCP connections that ended.",
             of(&S::connections_closed));
  const auto of_tls = [](auto member) {
    return [member](const WorkerStats& w) { return w.transport.tls.*member; };
  };
  out.summed("outcry_tls_handshakes_total", "TLS handshakes completed.",
             of_tls(&net::TlsStats::handshakes));
  out.summed("outcry_tls_resumed_total", "Of those, with the ticket of an earlier session.",
             of_tls(&net::TlsStats::resumed));
  out.summed("outcry_tls_errors_total",
             "Connections that failed in TLS: no agreement, plain HTTP, broken records.",
             of_tls(&net::TlsStats::errors));
  out.summed("outcry_http_requests_total", "HTTP requests on the client port.", of(&S::requests));
  out.summed("outcry_http_requests_refused_total", "HTTP requests answered 4xx or 5xx.",
             of(&S::requests_refused));
  out.summed("outcry_http_requests_malformed_total",
             "HTTP requests that broke the grammar or a limit.", of(&S::requests_malformed));
  out.summed("outcry_handovers_total", "Connections moved to the worker of their session.",
             of(&S::handovers_out));
  out.summed("outcry_handovers_refused_total", "Connections that the other worker had no room for.",
             of(&S::handovers_refused));
  out.summed("outcry_engine_sessions_opened_total", "Engine.IO sessions opened.",
             of(&S::sessions_opened));
  out.summed("outcry_engine_sessions_refused_total", "Engine.IO sessions over the limit.",
             of(&S::sessions_refused));
  out.summed("outcry_engine_upgrades_total", "Sessions that went from polling to WebSocket.",
             of(&S::upgrades));
  for (std::size_t i = 0; i < kCloseReasons.size(); ++i) {
    out.counter("outcry_engine_sessions_closed_total", "Engine.IO sessions ended, by reason.",
                out.sum([i](const WorkerStats& w) { return w.transport.sessions_closed[i]; }),
                {{"reason", std::string(kCloseReasons[i])}});
  }
  out.summed("outcry_websocket_errors_total", "Frames and messages that broke RFC 6455 or 7692.",
             of(&S::websocket_errors));
  out.summed("outcry_engine_packets_malformed_total", "Undecodable Engine.IO packets.",
             of(&S::packets_malformed));
  out.summed("outcry_engine_packets_received_total", "Engine.IO packets of clients.",
             of(&S::packets_received));
  out.summed("outcry_frames_sent_total", "Frames put into a client's outbox.", of(&S::frames_sent));
  out.summed("outcry_volatile_dropped_total",
             "Volatile events dropped: the client wasn't writable.", of(&S::volatile_dropped));
  out.summed("outcry_latest_superseded_total",
             "Latest events that a newer one took the place of while they waited for a client.",
             of(&S::latest_superseded));
  out.summed("outcry_received_bytes_total", "Bytes read from clients.", of(&S::bytes_received));
  out.summed("outcry_sent_bytes_total", "Bytes written to clients.", of(&S::bytes_sent));
  out.summed("outcry_writes_total", "System calls that wrote to clients.", of(&S::writes));
}

void add_clients(Samples& out) {
  const auto of = [](auto member) {
    return [member](const WorkerStats& w) { return w.clients.*member; };
  };
  using S = ClientStats;
  out.summed("outcry_connects_total", "Socket.IO CONNECTs accepted.", of(&S::connects));
  out.summed("outcry_connects_refused_total", "Socket.IO CONNECTs refused.",
             of(&S::connects_refused));
  out.summed("outcry_socketio_packets_malformed_total",
             "Socket.IO packets that ended their connection.", of(&S::packets_malformed));
  out.summed("outcry_events_received_total", "Events sent by clients.", of(&S::events_received));
  out.summed("outcry_events_unknown_total", "Events of clients that this server doesn't know.",
             of(&S::events_unknown));
  out.summed("outcry_recoveries_total", "Sockets that came back and missed nothing.",
             of(&S::recoveries));
  out.summed("outcry_gaps_total", "Times that members of a room had to come back for a lost event.",
             of(&S::gaps));
  out.summed("outcry_joins_total", "Joins done.", of(&S::joins));
  out.summed("outcry_acknowledgements_total",
             "Acknowledgements of events, by ack_events or callback.", of(&S::acknowledgements));
  out.summed("outcry_joins_refused_total", "Client commands answered with an error.",
             of(&S::joins_refused));
  out.summed("outcry_leaves_total", "Leaves done.", of(&S::leaves));
  out.summed("outcry_removals_total", "Sockets that had to leave a room, for a right has ended.",
             of(&S::removals));
  out.summed("outcry_deliveries_total", "Events put into a client's outbox.", of(&S::deliveries));
  out.summed("outcry_callbacks_total", "Acknowledgements passed on to a publisher.",
             of(&S::callbacks));
}

void add_tokens(Samples& out, const TokenKeysStats& keys) {
  // None is no refusal, and the last is of rooms.
  for (std::size_t i = 1; i + 1 < auth::kAuthErrorCount; ++i) {
    out.counter("outcry_tokens_refused_total",
                i == 1 ? "Tokens refused at CONNECT or as a new one, by reason." : "",
                out.sum([i](const WorkerStats& w) { return w.clients.tokens_refused[i]; }),
                {{"reason", std::string(name_of(static_cast<auth::AuthError>(i)))}});
  }
  out.summed("outcry_token_key_waits_total", "Tokens that waited for their key to be fetched.",
             [](const WorkerStats& w) { return w.clients.key_waits; });
  out.summed("outcry_token_refreshes_total", "New tokens of connected clients that were taken.",
             [](const WorkerStats& w) { return w.clients.token_refreshes; });
  out.summed("outcry_token_refreshes_refused_total", "New tokens refused: the old one counts.",
             [](const WorkerStats& w) { return w.clients.token_refreshes_refused; });
  out.summed("outcry_tokens_expiring_total", "Clients told that their token ends soon.",
             [](const WorkerStats& w) { return w.clients.tokens_expiring; });
  out.gauge("outcry_token_keys", "Keys that verify tokens.", static_cast<double>(keys.keys));
  out.counter("outcry_token_key_changes_total", "Times that they changed.", keys.changes);
  const auto of = [](auto member) {
    return [member](const WorkerStats& w) { return w.tokens.*member; };
  };
  using S = auth::TokenCacheStats;
  out.summed("outcry_token_cache_hits_total", "Tokens that were verified before.", of(&S::hits));
  out.summed("outcry_token_cache_misses_total", "Tokens that were not; refused ones too.",
             of(&S::misses));
  out.summed("outcry_token_cache_evicted_total", "Of those remembered, the ones that made room.",
             of(&S::evicted));
  out.gauge("outcry_token_cache_entries", "Verified tokens in memory.",
            static_cast<double>(out.sum(of(&S::entries))));
}

void add_revocations(Samples& out, const RevokerStats& revocations) {
  constexpr std::array<std::string_view, kRevocationSourceCount> kSources{"api", "publisher",
                                                                          "redis"};
  for (std::size_t i = 0; i < kSources.size(); ++i) {
    out.counter("outcry_revocations_total", i == 0 ? "Revocations that were news, by source." : "",
                revocations.taken[i], {{"source", std::string(kSources[i])}});
  }
  out.counter("outcry_revocations_not_kept_total",
              "Of those, the ones over auth.revocations_max: their tokens are not refused.",
              revocations.not_kept);
  out.gauge("outcry_revocations", "Revocations in force, and some that have ended.",
            static_cast<double>(revocations.entries));
}

void add_revocation_keys(Samples& out, const bus::RedisKeyScanStats& keys) {
  out.counter("outcry_revocation_scans_total", "Looks for revoked tokens in Redis, by result.",
              keys.passes, {{"result", "done"}});
  out.counter("outcry_revocation_scans_total", "", keys.failures, {{"result", "failed"}});
  out.gauge("outcry_revocation_keys", "Keys that the last look found.",
            static_cast<double>(keys.keys));
}

void add_jwks(Samples& out, const TokenKeysStats& keys) {
  out.counter("outcry_jwks_fetches_total", "Requests for the keys at auth.jwks_url, by result.",
              keys.fetches, {{"result", "fetched"}});
  out.counter("outcry_jwks_fetches_total", "", keys.failures, {{"result", "failed"}});
  out.counter("outcry_jwks_refetches_total",
              "Unknown keys that were asked for: at once, or not so soon after the last request.",
              keys.refetches, {{"outcome", "fetched"}});
  out.counter("outcry_jwks_refetches_total", "", keys.refetches_early, {{"outcome", "too_early"}});
  out.gauge("outcry_jwks_keys_refused", "Keys of the last set that can't be used.",
            static_cast<double>(keys.keys_refused));
  const auto fetched_at = keys.fetched_at.value_or(WallTime());
  out.gauge("outcry_jwks_fetched_at_seconds",
            "When the keys in use were fetched or confirmed, as seconds since 1970; 0: never.",
            std::chrono::duration<double>(fetched_at.time_since_epoch()).count());
  out.gauge("outcry_jwks_failing", "1 if the last request brought no keys: older ones are used.",
            keys.failure.empty() ? 0 : 1);
}

void add_workers(Samples& out, std::span<const WorkerStats> workers) {
  for (std::size_t i = 0; i < workers.size(); ++i) {
    const WorkerStats& w = workers[i];
    const std::vector<MetricLabel> label = {{"worker", std::to_string(i)}};
    out.gauge("outcry_connections", "Open TCP connections.", static_cast<double>(w.connections),
              label);
    out.gauge("outcry_engine_sessions", "Open Engine.IO sessions.",
              static_cast<double>(w.engine_sessions), label);
    out.gauge("outcry_sockets", "Connected Socket.IO sockets.", static_cast<double>(w.sockets),
              label);
    out.gauge("outcry_backlog_bytes", "Waiting for clients that read too slowly.",
              static_cast<double>(w.backlog_bytes), label);
    out.gauge("outcry_backlog_sessions", "Sessions that something waits for so.",
              static_cast<double>(w.backlog_sessions), label);
    out.gauge("outcry_rooms", "Rooms with members.", static_cast<double>(w.rooms), label);
    out.counter("outcry_slow_ticks_total", "Loop ticks longer than 50 ms.", w.loop.slow_ticks,
                label);
    out.counter("outcry_accept_pauses_total",
                "Times that a worker was behind and let waiting connections wait on.",
                w.transport.accept_pauses, label);
  }
}

void add_control(Samples& out, const MetricsSource& source) {
  const ControlStats& c = source.control;
  const PublisherStats& p = source.publisher;
  out.counter("outcry_publications_total", "Publications accepted.", p.publications);
  out.counter("outcry_publications_repeated_total", "Publications whose id was accepted before.",
              c.publications_repeated);
  out.counter("outcry_publications_unheard_total", "Publications to rooms without a member here.",
              p.publications_unheard);
  out.counter(
      "outcry_publications_refused_total",
      "Publications not taken: unknown namespace, reserved name, too big, overload, draining.",
      p.publications_refused + c.publications_draining);
  out.counter("outcry_latest_paced_total",
              "Latest events that a newer one replaced within events.latest_interval_ms.",
              source.paced);
  out.counter("outcry_publisher_commands_total", "Joins, leaves and disconnects by publishers.",
              c.commands);
  out.counter("outcry_publisher_commands_refused_total",
              "Commands not taken: unknown namespace, overload.", c.commands_refused);
  out.counter("outcry_join_answers_total", "Joins decided, by verdict.", c.joins_granted,
              {{"verdict", "granted"}});
  out.counter("outcry_join_answers_total", "", c.joins_denied, {{"verdict", "denied"}});
  out.counter("outcry_join_answers_total", "", c.joins_unavailable, {{"verdict", "unavailable"}});
  out.counter("outcry_room_reads_total", "Clients' reads over HTTP, by verdict.", c.reads_granted,
              {{"verdict", "granted"}});
  out.counter("outcry_room_reads_total", "", c.reads_denied, {{"verdict", "denied"}});
  out.counter("outcry_room_reads_total", "", c.reads_unavailable, {{"verdict", "unavailable"}});
  out.counter("outcry_deliveries_dropped_total",
              "Messages to workers dropped because the backlog was full.",
              source.deliveries_dropped);
  out.counter("outcry_reloads_total", "Reloads of the configuration, by result.",
              source.reloads.taken, {{"result", "taken"}});
  out.counter("outcry_reloads_total", "", source.reloads.refused, {{"result", "refused"}});
  out.gauge("outcry_reload_refused", "1 if the last reload was refused: the old values are used.",
            source.reloads.last_refused ? 1 : 0);
  out.gauge("outcry_rooms_indexed", "Rooms with members or values, over all workers.",
            static_cast<double>(source.rooms));
  out.gauge("outcry_snapshot_rooms", "Rooms whose newest values are kept for joiners.",
            static_cast<double>(source.snapshots));
}

void add_recovery(Samples& out, const MetricsSource& source) {
  for (std::size_t i = 1; i < kResyncCount; ++i) {
    out.counter(
        "outcry_resyncs_total",
        i == 1 ? "Clients that came back and could not have what they missed, by reason." : "",
        source.control.resyncs[i], {{"reason", std::string(name_of(static_cast<Resync>(i)))}});
  }
  out.gauge("outcry_parked_sockets", "Sockets without a connection whose clients may come back.",
            static_cast<double>(source.parked));
  out.gauge("outcry_history_events", "Events in memory that can be sent again.",
            static_cast<double>(source.history_events));
  out.gauge("outcry_history_bytes", "Their frames.", static_cast<double>(source.history_bytes));
}

void add_log(Samples& out, const MetricsSource& source) {
  const eventlog::LogWriterStats& log = *source.log;
  out.counter("outcry_log_writes_total", "Transactions written to the log.", log.writes);
  out.counter("outcry_log_events_total", "Events written to the log.", log.events);
  out.counter("outcry_log_failures_total", "Writes to the log that failed.", log.failures);
  out.counter("outcry_log_undurable_total",
              "Events sent without being written, for the log failed.",
              source.publisher.publications_undurable);
  out.counter("outcry_log_lost_total", "Changes of sockets and cursors given up while it failed.",
              log.lost);
  out.gauge("outcry_log_waiting_bytes", "Waiting to be written.",
            static_cast<double>(log.waiting_bytes));
  out.gauge("outcry_log_failing", "1 while the log can't be written.", log.failing ? 1 : 0);
}

void add_audit(Samples& out, const audit::AuditWriterStats& audit) {
  out.counter("outcry_audit_records_total", "Records taken for the audit trail.", audit.records);
  out.counter("outcry_audit_lost_total",
              "Records lost, for too many were waiting; the trail says so itself.", audit.lost);
  out.counter("outcry_audit_errors_total", "Writes to the audit trail that failed.",
              audit.failures);
  out.gauge("outcry_audit_failing", "1 while the audit trail can't be written.",
            audit.failing ? 1 : 0);
  out.gauge("outcry_audit_sequence",
            "Number of its newest record, for outcry audit verify --expect-end.",
            static_cast<double>(audit.sequence));
  out.gauge("outcry_audit_bytes", "All its files.", static_cast<double>(audit.trail_bytes));
  out.gauge("outcry_audit_files", "Their number.", static_cast<double>(audit.files));
  out.gauge("outcry_audit_waiting_bytes", "Records that wait to be written, with payloads to hash.",
            static_cast<double>(audit.waiting_bytes));
}

void add_limits(Samples& out, const MetricsSource& source) {
  limits::LimitCounts counts = source.limits;
  for (const WorkerStats& worker : source.workers) {
    counts += worker.limits;
    counts += worker.transport.limits;
  }
  for (std::size_t i = 0; i < limits::kLimitCount; ++i) {
    const std::string limit(limits::name_of(static_cast<limits::Limit>(i)));
    out.counter("outcry_limit_reached_total",
                "Requests over a limit, refused or (limits.dry_run) only counted.",
                counts.refused[i], {{"limit", limit}, {"outcome", "refused"}});
    out.counter("outcry_limit_reached_total", "", counts.would_refuse[i],
                {{"limit", limit}, {"outcome", "counted"}});
  }
  const std::array kinds = {std::pair("user", source.banned_users),
                            std::pair("address", source.banned_addresses)};
  for (std::size_t i = 0; i < kBanKindCount; ++i) {
    const std::vector<MetricLabel> label = {{"kind", kinds[i].first}};
    out.gauge("outcry_bans", i == 0 ? "Bans in force." : "", static_cast<double>(kinds[i].second),
              label);
    out.counter("outcry_bans_total", i == 0 ? "Bans begun, for too many joins were refused." : "",
                source.control.bans[i], label);
  }
  out.counter("outcry_bans_lifted_total", "Bans that an operator has ended.",
              source.control.bans_lifted);
  out.gauge("outcry_users", "Users with a connected socket.", static_cast<double>(source.users));
  out.gauge("outcry_addresses", "Addresses with a connected socket, without exempt ones.",
            static_cast<double>(source.addresses));
}

void add_certificates(Samples& out, std::span<const CertificateInUse> certificates) {
  for (const CertificateInUse& certificate : certificates) {
    const auto end =
        std::chrono::duration_cast<std::chrono::seconds>(certificate.not_after.time_since_epoch());
    out.gauge("outcry_tls_certificate_end_seconds",
              "When a certificate in use ends, as seconds since 1970.",
              static_cast<double>(end.count()),
              {{"port", certificate.port}, {"certificate", certificate.label}});
  }
}

void add_redis(Samples& out, const MetricsSource& source) {
  if (source.redis == nullptr) return;
  const bus::RedisSubscriberStats& r = *source.redis;
  out.gauge("outcry_redis_connected", "1 while all subscriptions are confirmed.",
            source.redis_connected ? 1 : 0);
  out.counter("outcry_redis_messages_total", "Messages read from Redis.", r.messages);
  out.counter("outcry_redis_received_bytes_total", "Their payloads.", r.bytes);
  out.counter("outcry_redis_connects_total", "Times that the subscription was made.", r.connects);
  out.counter("outcry_redis_failed_attempts_total", "Attempts to connect that failed.",
              r.failed_attempts);
  out.counter("outcry_redis_oversize_total", "Messages over bus.message_bytes_max.", r.oversize);
  for (const auto& [reason, count] : r.decode_failures) {
    out.counter("outcry_publications_undecodable_total",
                "Messages that could not be decoded, by reason.", count, {{"reason", reason}});
  }
  if (source.redis_publisher == nullptr) return;
  out.counter("outcry_redis_replies_total", "Callback replies published.",
              source.redis_publisher->published);
  out.counter("outcry_redis_replies_dropped_total", "Callback replies dropped.",
              source.redis_publisher->dropped_away + source.redis_publisher->dropped_full);
}

void add_access(Samples& out, const MetricsSource& source) {
  const store::AccessCacheStats& s = source.access->cache;
  out.counter("outcry_access_cache_hits_total", "Questions about a room answered from memory.",
              s.hits_allowed + s.hits_denied);
  out.counter("outcry_access_cache_shared_total", "Questions that waited for one under way.",
              s.shared);
  out.counter("outcry_access_cache_forgotten_total", "Answers forgotten, for a right was changed.",
              s.forgotten);
  out.gauge("outcry_access_cache_entries", "Answers in memory.", static_cast<double>(s.entries));
  constexpr std::array<std::string_view, store::kPolicyCount> kPolicies{"owner", "http",
                                                                        "http_fail_open"};
  for (std::size_t i = 0; i < kPolicies.size(); ++i) {
    out.counter("outcry_access_questions_total",
                "Questions that reached the store or the back end.", s.asked[i],
                {{"policy", std::string(kPolicies[i])}});
  }
  for (std::size_t i = 0; i < kPolicies.size(); ++i) {
    out.counter("outcry_access_errors_total", "Of those, the ones without an answer.", s.errors[i],
                {{"policy", std::string(kPolicies[i])}});
  }
}

void add_http_policy(Samples& out, const MetricsSource& source) {
  if (!source.access->http) return;
  const HttpPolicyStats& h = *source.access->http;
  out.counter("outcry_policy_http_requests_total", "Requests sent to policy_http.url.",
              h.client.requests);
  out.counter("outcry_policy_http_failures_total", "Requests without a whole answer.",
              h.client.failures);
  out.counter("outcry_policy_http_timeouts_total", "Of those, over policy_http.timeout_ms.",
              h.client.timed_out);
  out.counter("outcry_policy_http_refused_total", "Questions that were not sent, by reason.",
              h.client.queue_full, {{"reason", "queue_full"}});
  out.counter("outcry_policy_http_refused_total", "", h.client.circuit_open,
              {{"reason", "circuit_open"}});
  out.counter("outcry_policy_http_failed_open_total",
              "Users let into rooms of rooms.http_fail_open for want of an answer.", h.failed_open);
  out.gauge("outcry_policy_http_queue", "Questions that wait to be sent.",
            static_cast<double>(h.client.queued));
  out.gauge("outcry_policy_http_circuit_open", "1 while it is left alone after failures.",
            h.client.refuses ? 1 : 0);
}

void add_store(Samples& out, const MetricsSource& source) {
  if (!source.access->store) return;
  const store::StoreStats& db = *source.access->store;
  out.gauge("outcry_store_connections", "Open connections to the database.",
            static_cast<double>(db.connections));
  out.gauge("outcry_store_connections_busy", "Of those, the ones that a question runs on.",
            static_cast<double>(db.busy));
  out.gauge("outcry_store_queue", "Questions that wait for a connection.",
            static_cast<double>(db.queued));
  out.counter("outcry_store_connects_total", "Connections made.", db.opened);
  out.counter("outcry_store_connect_failures_total", "Connections that could not be made.",
              db.open_failures);
  out.counter("outcry_store_timeouts_total", "Questions over store.question_timeout_ms.",
              db.timed_out);
  out.counter("outcry_store_refused_total", "Questions refused at once, by reason.", db.queue_full,
              {{"reason", "queue_full"}});
  out.counter("outcry_store_refused_total", "", db.circuit_open, {{"reason", "circuit_open"}});
}

}  // namespace

std::vector<MetricSample> metric_samples(const MetricsSource& source) {
  Samples out(source.workers);
  add_workers(out, source.workers);
  add_transport(out);
  add_access(out);
  add_clients(out);
  add_tokens(out, source.token_keys);
  add_revocations(out, source.revocations);
  if (source.revocation_keys) add_revocation_keys(out, *source.revocation_keys);
  if (source.token_keys.has_url) add_jwks(out, source.token_keys);
  add_control(out, source);
  add_recovery(out, source);
  if (source.log) add_log(out, source);
  if (source.audit) add_audit(out, *source.audit);
  add_limits(out, source);
  add_certificates(out, source.certificates);
  add_redis(out, source);
  if (source.access != nullptr) {
    add_access(out, source);
    add_store(out, source);
    add_http_policy(out, source);
  }
  return out.take();
}

}  // namespace outcry::gateway
