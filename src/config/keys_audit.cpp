#include <array>

#include "config/key_tables.h"

namespace outcry::config {
namespace {

using namespace std::string_view_literals;

constexpr std::uint64_t kGiB = 1 << 30;
constexpr std::uint64_t kYearS = 365ULL * 86'400;
constexpr std::array kRecords{"connections"sv, "rooms"sv, "publications"sv, "administration"sv};
constexpr std::array kPublications{"all"sv, "must"sv};

using A = AuditConfig;
constexpr std::array kAuditKeys{
    ConfigKey{"audit", "path", &member<&Config::audit, &A::path>,
              "Directory that the audit trail is written to; it is made, and no other process may "
              "write there. Empty: nothing is recorded."},
    ConfigKey{"audit", "key_file", &member<&Config::audit, &A::key_file>,
              "PEM file with the Ed25519 key that signs the trail, readable by its owner alone; it "
              "is made if it isn't there. Empty: `audit.key` in `path`. Better elsewhere."},
    ConfigKey{"audit", "records", &member<&Config::audit, &A::records>,
              "What is recorded: `connections` (connects, refusals, disconnects, clients that come "
              "back), `rooms` (joins, denials, leaves, removals), `publications`, "
              "`administration` (removals, reloads, publishers' commands, refused API keys).",
              "", 0, 4, kRecords},
    ConfigKey{"audit", "publications", &member<&Config::audit, &A::publications>,
              "Which publications: `all`, or `must` ones only, without `latest` and `volatile`.",
              "", 0, 0, kPublications},
    ConfigKey{
        "audit", "sync_ms", &member<&Config::audit, &A::sync>,
        "Time from a record's writing until it is on disk, at most; a power cut may take what "
        "is younger.",
        "ms", 0, 60'000},
    ConfigKey{"audit", "checkpoint_records", &member<&Config::audit, &A::checkpoint_records>,
              "The trail is signed after so many records.", "records", 1, 1'000'000},
    ConfigKey{"audit", "checkpoint_s", &member<&Config::audit, &A::checkpoint>,
              "And after so much time, if there was any record.", "s", 1, 86'400},
    ConfigKey{"audit", "file_bytes_max", &member<&Config::audit, &A::file_bytes_max>,
              "A file of this size is followed by the next.", "bytes", 4'096, kGiB},
    ConfigKey{"audit", "file_age_max_s", &member<&Config::audit, &A::file_age_max>,
              "So is one of this age.", "s", 60, kYearS},
    ConfigKey{"audit", "age_max_s", &member<&Config::audit, &A::age_max>,
              "Files whose records are all older are removed, which the trail records. 0: none is.",
              "s", 0, 100 * kYearS},
    ConfigKey{
        "audit", "bytes_max", &member<&Config::audit, &A::bytes_max>,
        "All files together; over it the oldest are removed, which whoever makes many records "
        "could use to be rid of others. 0: no limit but the disk's.",
        "bytes", 0, 1'048'576 * kGiB},
    ConfigKey{"audit", "waiting_bytes_max", &member<&Config::audit, &A::waiting_bytes_max>,
              "Records and copies of payloads that wait to be written; what doesn't fit is lost, "
              "which the trail records.",
              "bytes", 4'096, 16 * kGiB},
};

}  // namespace

std::span<const ConfigKey> audit_keys() {
  return kAuditKeys;
}

}  // namespace outcry::config
