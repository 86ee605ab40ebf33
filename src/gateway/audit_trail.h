// gateway/audit_trail.h — the audit trail as the gateway has it: [audit] in force, or nothing.
//
//   workers ─▶ AuditNote ─┐
//   publisher, commands ──┼─▶ AuditTrail ─▶ AuditWriter (its thread) ─▶ files
//   operations, reloads ──┘
//
// Who published is named by the channel or by the API key's id, never by the key.
// Thread: the control thread. Owner: Gateway.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "audit/audit_writer.h"
#include "bus/publication.h"
#include "config/config.h"
#include "config/reload.h"
#include "gateway/audit_rules.h"
#include "gateway/messages.h"
#include "gateway/operations.h"

namespace outcry::gateway {

class AuditTrail {
 public:
  /// Takes the directory and looks at what is there. Throws ConfigError if it can't be used.
  explicit AuditTrail(const config::AuditConfig& config);
  AuditTrail(const AuditTrail&) = delete;
  AuditTrail& operator=(const AuditTrail&) = delete;
  ~AuditTrail();

  /// Starts the thread; what is added before or after it runs is not recorded.
  void start();
  /// Writes what waits and ends the thread.
  void stop();

  [[nodiscard]] const AuditRules& rules() const noexcept { return rules_; }
  /// Absent: nothing is recorded.
  [[nodiscard]] std::optional<audit::AuditWriterStats> stats() const;
  void append_check(Readiness& readiness) const;

  void add(audit::Record record);
  void add(const AuditLost& lost);
  /// An event that goes out. `delivery_class`: as the configuration says it.
  void add_publication(const bus::Publication& publication, std::string_view position,
                       std::string_view delivery_class);
  /// A publisher's command to sockets.
  void add_command(std::string_view action, const bus::Audience& audience,
                   const config::Strings& rooms, const std::string& source);
  void add_removal(const MemberRemoval& removal);
  void add_revocation(const TokenRevocation& revocation);
  void add_reload(const config::ReloadReport& report, std::string_view by);
  void add_ban(const BanTarget& target);
  void add_lifted_ban(const BanTarget& target, std::string_view by);
  /// Anything else that an operator has done, or tried to do.
  void add_administration(std::string_view action, std::string_view by,
                          std::string_view address = {});

 private:
  const config::AuditConfig config_;
  const AuditRules rules_;
  std::unique_ptr<audit::Trail> trail_;  // until the writer has it
  std::unique_ptr<audit::AuditWriter> writer_;
};

}  // namespace outcry::gateway
