#include "audit/audit_error.h"

#include <array>
#include <string_view>

#include "base/error_enum.h"

namespace outcry::audit {
namespace {

constexpr std::array<std::string_view, 6> kNames{
    "none",
    "the audit trail can't be opened",
    "the audit trail is being written by another process",
    "not an Ed25519 key in PEM",
    "the signing key must be readable by its owner alone (chmod 600)",
    "not a record of an audit trail",
};

}  // namespace

std::error_code make_error_code(AuditError error) {
  static const TableCategory category("audit", kNames);
  return {static_cast<int>(error), category};
}

}  // namespace outcry::audit
