// What the control plane asks of others: Redis, databases, the back end.
#include "gateway/gateway.h"
#include "gateway/metric_samples.h"

namespace outcry::gateway {
namespace {

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

void add_asked_metrics(Samples& out, const MetricsSource& source) {
  add_redis(out, source);
  if (source.access == nullptr) return;
  add_access(out, source);
  add_store(out, source);
  add_http_policy(out, source);
}

}  // namespace outcry::gateway
