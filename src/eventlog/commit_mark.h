// eventlog/commit_mark.h — how far the log had been written, kept beside it.
//
//   write: log.db-wal ── synced ──▶ log.db-mark: 97 commits, newest event 1204
//   start: log.db has 96 commits  ─▶ what was promised to be there isn't
//
// A write that was torn and one that was whole but has been damaged since look the same to SQLite:
// it ends the log before them, and says nothing. The first was nobody's yet, the second had been
// shown to people. So too with a log that was put back from a copy. A mark is never synced: a power
// cut may leave an older one, never one that is ahead of a disk that keeps its word.
// Thread: SqliteLog's.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/result.h"

struct sqlite3_file;

namespace outcry::eventlog {

class CommitMark {
 public:
  struct Value {
    std::uint64_t commits = 0;
    std::uint64_t number = 0;  // of the newest event
  };

  /// Makes the file if there is none. `vfs` as in SqliteLogOptions. Errors: cant_open.
  [[nodiscard]] static Result<CommitMark> open(const std::string& path, const std::string& vfs);

  /// What was written last; nullopt if there is nothing, or nothing whole.
  [[nodiscard]] std::optional<Value> read() const;
  /// A failure costs what the mark is for, and nothing else.
  void write(const Value& value) noexcept;

 private:
  struct Close {
    void operator()(sqlite3_file* file) const noexcept;
  };
  explicit CommitMark(std::unique_ptr<sqlite3_file, Close> file) : file_(std::move(file)) {}

  std::unique_ptr<sqlite3_file, Close> file_;
};

}  // namespace outcry::eventlog
