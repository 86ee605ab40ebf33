// cli/audit_reading.h — reads a whole trail for the commands that need one.
#pragma once

#include <functional>

#include "audit/verifier.h"
#include "cli/audit.h"

namespace outcry::cli {

/// Calls `on_record`, which may be empty, with each record whose hash is right.
/// Throws config::ConfigError for options and files that can't be used.
[[nodiscard]] audit::Report read_trail(const AuditVerifyOptions& options,
                                       std::function<void(const audit::Line&)> on_record);

/// Findings, one a line: file, line, record, what.
void print_findings(const audit::Report& report, std::ostream& out);

}  // namespace outcry::cli
