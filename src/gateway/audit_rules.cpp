#include "gateway/audit_rules.h"

#include <algorithm>

namespace outcry::gateway {

AuditRules AuditRules::of(const config::AuditConfig& config) {
  if (config.path.empty()) return {};
  const auto lists = [&config](const char* word) {
    return std::ranges::find(config.records, word) != config.records.end();
  };
  return {.connections = lists("connections"),
          .rooms = lists("rooms"),
          .publications = lists("publications"),
          .only_must = config.publications == "must",
          .administration = lists("administration")};
}

}  // namespace outcry::gateway
