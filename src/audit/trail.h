// audit/trail.h — writes a trail: the chain, its signatures, the files that it is kept in.
//
//   records ─▶ lines ─▶ one write ─▶ [file full? the next one begins with a signed record]
//                └─ every so often a checkpoint, signed and waited for on the disk
//
// A write that fails leaves the trail as it was: what had reached the file is cut off, and the same
// records can be written again. Files that are too old are removed only after a signed record says
// so, by which a reader tells retention from theft.
// Thread: one at a time (AuditWriter's); calls block.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "audit/audit_files.h"
#include "audit/record.h"
#include "audit/recovery.h"
#include "audit/signing_key.h"
#include "audit/trail_line.h"
#include "base/result.h"

namespace outcry::audit {

struct TrailOptions {
  std::filesystem::path directory;  // made if it isn't there, mode 0750
  std::filesystem::path key_file;   // made if it isn't there; empty: audit.key in the directory
  std::string software;             // told in the record that begins a run
  std::size_t checkpoint_records = 1'000;
  std::chrono::seconds checkpoint_age{60};
  std::uint64_t file_bytes_max = 67'108'864;
  std::chrono::seconds file_age_max{86'400};
  std::chrono::seconds age_max{0};  // of what is kept; 0: for ever
  std::uint64_t bytes_max = 0;      // 0: as much as comes
};

class Trail {
 public:
  /// Takes the directory for this process and looks at what is there; writes no record yet.
  /// `why` is for the operator, where it fails. Errors: AuditError, the system's.
  [[nodiscard]] static Result<std::unique_ptr<Trail>> open(TrailOptions options, WallTime now,
                                                           std::string& why,
                                                           Disk disk = Disk::real());
  ~Trail();
  Trail(const Trail&) = delete;
  Trail& operator=(const Trail&) = delete;

  struct Written {
    std::size_t records = 0;  // of those given, from the first on
    std::error_code error;    // why not all
  };
  /// Appends the records, and what has to stand between them.
  [[nodiscard]] Written write(std::span<const Record> records, WallTime now);
  /// What time asks for: a checkpoint, the end of old files. Errors: the system's.
  [[nodiscard]] std::error_code keep_up(WallTime now);
  /// What was written is on disk.
  [[nodiscard]] std::error_code sync();
  /// The last record of a run.
  [[nodiscard]] std::error_code stop(WallTime now);

  [[nodiscard]] const Link& last() const noexcept { return last_; }
  [[nodiscard]] PublicKey public_key() const { return key_.public_key(); }
  /// On disk, all files together.
  [[nodiscard]] std::uint64_t bytes() const noexcept;
  [[nodiscard]] std::size_t files() const noexcept { return files_.size(); }

 private:
  Trail(TrailOptions options, SigningKey key, int lock, Recovered recovered, WallTime now,
        Disk disk);
  [[nodiscard]] std::error_code begin_file(WallTime now);
  [[nodiscard]] bool file_is_full(WallTime now) const;
  [[nodiscard]] std::size_t encode(std::span<const Record> records, WallTime now);
  [[nodiscard]] std::error_code flush(WallTime now);
  [[nodiscard]] std::error_code write_buffer();
  void append(const Record& record);
  [[nodiscard]] std::error_code retain(WallTime now);
  [[nodiscard]] std::size_t files_to_remove(WallTime now) const;

  const TrailOptions options_;
  const SigningKey key_;
  const int lock_;
  const Disk disk_;
  std::vector<WrittenFile> files_;
  int fd_ = -1;
  Link last_;
  std::vector<Record> own_;  // the next ones: what this run begins with, what was found out
  std::size_t unsigned_ = 0;
  WallTime checkpoint_at_;
  WallTime retained_at_;
  bool dirty_ = false;        // not on disk yet
  std::uint64_t synced_ = 0;  // the last record that is
  bool untidy_ = false;       // a failed write has left bytes behind
  // The next write: encoded, and what it makes of the state.
  std::string buffer_;
  Link next_;
  std::size_t next_unsigned_ = 0;
  bool next_is_signed_ = false;  // something in it
};

}  // namespace outcry::audit
