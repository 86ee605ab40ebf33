// gateway/audit_rules.h — [audit] ready for use: what is worth a record.
// Immutable; shared by all threads.
#pragma once

#include "gateway/config.h"

namespace outcry::gateway {

struct AuditRules {
  bool connections = false;
  bool rooms = false;
  bool publications = false;
  bool only_must = false;  // of the publications
  bool administration = false;

  [[nodiscard]] static AuditRules of(const AuditConfig& config);
};

}  // namespace outcry::gateway
