#include "gateway/audit_trail.h"

#include <utility>

#include <fmt/format.h>

#include "base/log.h"

namespace outcry::gateway {
namespace {

using audit::Kind;
using audit::Record;

audit::TrailOptions trail_options(const config::AuditConfig& config) {
  return {.directory = config.path,
          .key_file = config.key_file,
          .software = "outcry",
          .checkpoint_records = config.checkpoint_records,
          .checkpoint_age = config.checkpoint,
          .file_bytes_max = config.file_bytes_max,
          .file_age_max = config.file_age_max,
          .age_max = config.age_max,
          .bytes_max = config.bytes_max};
}

/// Whom an audience names, beside the rooms that a record has a place for.
void add_audience(Record& record, const bus::Audience& audience) {
  record.namespace_name = audience.namespace_name;
  record.rooms = audience.rooms;
  if (audience.everyone) record.details.push_back({"audience", "everyone"});
  if (!audience.except.empty()) record.details.push_back({"except", audience.except});
}

Record about(const BanTarget& target, std::vector<audit::Detail> details) {
  Record record{.kind = Kind::administration, .time = wall_now(), .details = std::move(details)};
  (target.kind == BanKind::user ? record.user : record.address) = target.name;
  return record;
}

}  // namespace

AuditTrail::AuditTrail(const config::AuditConfig& config)
    : config_(config), rules_(AuditRules::of(config)) {
  if (config.path.empty()) {
    log::info("audit: audit.path is empty, nothing is recorded");
    return;
  }
  std::string why;
  auto trail = audit::Trail::open(trail_options(config), wall_now(), why);
  if (!trail) throw config::ConfigError("audit.path: " + why);
  trail_ = *std::move(trail);
  const audit::Link& last = trail_->last();
  log::info("audit: goes on after record {}, hash {}; signed by {}", last.sequence, last.hash,
            trail_->public_key().base64());
}

AuditTrail::~AuditTrail() = default;

void AuditTrail::start() {
  if (!trail_) return;
  writer_ = std::make_unique<audit::AuditWriter>(
      std::move(trail_), audit::AuditWriterOptions{.waiting_bytes_max = config_.waiting_bytes_max,
                                                   .sync = config_.sync});
}

void AuditTrail::stop() {
  writer_.reset();
}

std::optional<audit::AuditWriterStats> AuditTrail::stats() const {
  return writer_ ? std::optional(writer_->stats()) : std::nullopt;
}

/// Told only: events go out all the same, and another node has a trail of its own.
void AuditTrail::append_check(Readiness& readiness) const {
  const auto now = stats();
  if (!now) return;
  std::string text = "written";
  if (now->failing) {
    text = fmt::format("can't be written: {}; {} bytes wait, {} records are lost", now->why,
                       now->waiting_bytes, now->lost);
  } else if (now->lost > 0) {
    text = fmt::format("written, with {} records lost since the start", now->lost);
  }
  readiness.checks.push_back({.name = "audit", .ok = true, .text = std::move(text)});
}

// ---- Records ----

void AuditTrail::add(Record record) {
  if (writer_) writer_->add(std::move(record));
}

void AuditTrail::add(const AuditLost& lost) {
  if (writer_) writer_->add_lost(lost.count, lost.from, lost.to);
}

void AuditTrail::add_publication(const bus::Publication& publication, std::string_view position,
                                 std::string_view delivery_class) {
  if (!rules_.publications || (rules_.only_must && delivery_class != "must")) return;
  Record record{.kind = Kind::publish, .time = wall_now()};
  record.details = {{"event", publication.event},
                    {"class", std::string(delivery_class)},
                    {"id", publication.id},
                    {"position", std::string(position)},
                    {"by", publication.source}};
  add_audience(record, publication.audience);
  record.payload = publication.arguments;
  for (const std::string& attachment : publication.attachments) *record.payload += attachment;
  add(std::move(record));
}

void AuditTrail::add_command(std::string_view action, const bus::Audience& audience,
                             const config::Strings& rooms, const std::string& source) {
  if (!rules_.administration) return;
  Record record{.kind = Kind::command, .time = wall_now()};
  record.details = {{"action", std::string(action)}, {"of", rooms}, {"by", source}};
  add_audience(record, audience);
  add(std::move(record));
}

void AuditTrail::add_removal(const MemberRemoval& removal) {
  if (!rules_.administration) return;
  Record record{.kind = Kind::administration,
                .time = wall_now(),
                .user = removal.user,
                .namespace_name = removal.namespace_name,
                .rooms = {removal.room}};
  record.details = {{"action", "remove_member"}, {"by", removal.by}};
  add(std::move(record));
}

void AuditTrail::add_revocation(const TokenRevocation& revocation) {
  if (!rules_.administration) return;
  Record record{.kind = Kind::administration, .time = wall_now()};
  record.details = {{"action", "revoke"}, {"by", revocation.by}};
  if (revocation.kind == RevocationKind::user) {
    record.user = revocation.value;
  } else {
    const bool of_session = revocation.kind == RevocationKind::session;
    record.details.push_back({of_session ? "session" : "jti", revocation.value});
  }
  add(std::move(record));
}

void AuditTrail::add_reload(const config::ReloadReport& report, std::string_view by) {
  if (!rules_.administration) return;
  Record record{.kind = Kind::administration, .time = wall_now()};
  record.details = {{"action", report.error.empty() ? "reload" : "reload_refused"},
                    {"by", std::string(by)},
                    {"changed", report.changed},
                    {"need_restart", report.need_restart}};
  add(std::move(record));
}

void AuditTrail::add_ban(const BanTarget& target) {
  if (rules_.administration) add(about(target, {{"action", "ban"}}));
}

void AuditTrail::add_lifted_ban(const BanTarget& target, std::string_view by) {
  if (!rules_.administration) return;
  add(about(target, {{"action", "lift_ban"}, {"by", std::string(by)}}));
}

void AuditTrail::add_administration(std::string_view action, std::string_view by,
                                    std::string_view address) {
  if (!rules_.administration) return;
  Record record{.kind = Kind::administration, .time = wall_now()};
  record.address = address;
  record.details = {{"action", std::string(action)}, {"by", std::string(by)}};
  add(std::move(record));
}

}  // namespace outcry::gateway
