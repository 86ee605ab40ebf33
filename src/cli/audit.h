// cli/audit.h — `outcry audit`: is the trail what the gateway wrote, and what does it say?
//
//   verify      every record, its hash, its place, the signatures        exit 1: something is wrong
//   timeline    what happened to one challenge, in order                 likewise, printed all the
//   same public-key  what others check the signatures with
//
// The format: docs/reference/audit.md. Nothing is written.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "cli/commands.h"

namespace outcry::cli {

struct AuditVerifyOptions {
  std::vector<std::filesystem::path> paths;        // files and directories
  std::vector<std::filesystem::path> public_keys;  // PEM; none: whoever the trail says
  std::string expect_end;                          // "SEQ" or "SEQ:HASH"
};

struct AuditTimelineOptions {
  AuditVerifyOptions trail;
  std::string challenge;
  bool is_room = false;  // `challenge` is the room's whole name
  bool as_json = false;  // the records as they stand in the trail
};

/// kExitFailed if something is wrong with the trail, kExitUsage if it can't be read.
[[nodiscard]] int verify_audit(const AuditVerifyOptions& options, const Surroundings& around);
[[nodiscard]] int print_timeline(const AuditTimelineOptions& options, const Surroundings& around);
/// Throws config::ConfigError.
[[nodiscard]] int print_public_key(const std::filesystem::path& key_file,
                                   const Surroundings& around);

}  // namespace outcry::cli
