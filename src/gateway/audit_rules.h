// gateway/audit_rules.h — [audit] ready for use: what is worth a record.
// Immutable; shared by all threads.
#pragma once

#include "config/config.h"

namespace outcry::gateway {

struct AuditRules {
  bool connections = false;
  bool rooms = false;
  bool publications = false;
  bool only_must = false;  // of the publications
  bool administration = false;

  [[nodiscard]] static AuditRules of(const config::AuditConfig& config);
};

}  // namespace outcry::gateway
