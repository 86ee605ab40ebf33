#include "gateway/metrics.h"

#include "gateway/gateway.h"
#include "gateway/metric_samples.h"

namespace outcry::gateway {
namespace {

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

}  // namespace

std::vector<MetricSample> metric_samples(const MetricsSource& source) {
  Samples out(source.workers);
  add_client_metrics(out, source);
  add_control(out, source);
  add_recovery(out, source);
  if (source.log) add_log(out, source);
  if (source.audit) add_audit(out, *source.audit);
  add_limits(out, source);
  add_certificates(out, source.certificates);
  add_asked_metrics(out, source);
  return out.take();
}

}  // namespace outcry::gateway
