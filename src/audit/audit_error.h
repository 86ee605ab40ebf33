// audit/audit_error.h — why a trail can't be written or read.
#pragma once

#include <cstdint>
#include <system_error>

namespace outcry::audit {

enum class AuditError : std::uint8_t {
  none,
  cant_open,     // no such directory, no permission
  in_use,        // another process writes it
  bad_key,       // not an Ed25519 key in PEM
  key_readable,  // by others than its owner
  not_a_record,  // a line that no trail has
};
[[nodiscard]] std::error_code make_error_code(AuditError error);

}  // namespace outcry::audit

template <>
struct std::is_error_code_enum<outcry::audit::AuditError> : std::true_type {};
