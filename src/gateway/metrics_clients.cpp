// What clients do, and what workers do for them.
#include "gateway/close_reasons.h"
#include "gateway/gateway.h"
#include "gateway/metric_samples.h"

namespace outcry::gateway {
namespace {

template <class Count>
auto of(Count transport::TransportStats::* member) {
  return [member](const WorkerStats& w) { return w.transport.*member; };
}
template <class Count>
auto of(Count ClientStats::* member) {
  return [member](const WorkerStats& w) { return w.clients.*member; };
}
template <class Count>
auto of(Count auth::TokenCacheStats::* member) {
  return [member](const WorkerStats& w) { return w.tokens.*member; };
}

/// Who was let in, and by whose word.
void add_access(Samples& out) {
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

}  // namespace

void add_client_metrics(Samples& out, const MetricsSource& source) {
  add_workers(out, source.workers);
  add_transport(out);
  add_access(out);
  add_clients(out);
  add_tokens(out, source.token_keys);
  add_revocations(out, source.revocations);
  if (source.revocation_keys) add_revocation_keys(out, *source.revocation_keys);
  if (source.token_keys.has_url) add_jwks(out, source.token_keys);
}

}  // namespace outcry::gateway
