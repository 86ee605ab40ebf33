// eventlog/sqlite_log.h — the log's file: one SQLite database in WAL mode.
//
//   changes ─▶ write(): one transaction, one sync, however many
//   start   ─▶ open(): integrity check; load(): lives, and what was kept
//
// A transaction is on disk as a whole or not at all: a write that was torn is found by the
// checksums of SQLite's WAL and ends the log before it. One that was whole and is damaged now is
// told from that by a mark (commit_mark.h). Everything here blocks. Thread: one at a time. Owner:
// LogWriter; a simulation.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "eventlog/position.h"
#include "eventlog/stored.h"

namespace outcry::eventlog {

struct SqliteLogOptions {
  std::string path;
  bool sync_each_write = true;  // false: a power cut may take the newest; a crash may not
  std::vector<Retention> retentions{Retention{}};
  std::size_t events_loaded_max = 1'000'000;  // newest first, at start
  std::size_t bytes_loaded_max = 268'435'456;
  std::chrono::milliseconds receipt_age_max{std::chrono::hours(24 * 30)};
  std::string vfs;  // SQLite's name of the file system; empty: the system's own
};

/// What a start finds.
struct LogContents {
  std::vector<StoredEvent> events;  // by number
  std::vector<StoredValue> values;
  std::vector<StoredSession> sessions;
  std::vector<StoredCursor> cursors;
  std::uint64_t last_number = 0;     // of all events that there ever were
  std::uint64_t trimmed_number = 0;  // up to here events may be gone from `events`
  std::vector<Life> lives;           // whose positions are still worth something
  WallTime last_written{};           // when the run before wrote last
  bool end_missing = false;          // what had been written last isn't there; hence no lives
};

struct SqliteLogState;

class SqliteLog {
 public:
  /// Opens the file, makes it if there is none. One that is damaged is put aside under another
  /// name and a new one is begun: `notice` then says so, for the operator.
  /// Errors: LogError, with SQLite's words in `notice`.
  [[nodiscard]] static Result<std::unique_ptr<SqliteLog>> open(const SqliteLogOptions& options,
                                                               std::string& notice);
  ~SqliteLog();
  SqliteLog(const SqliteLog&) = delete;
  SqliteLog& operator=(const SqliteLog&) = delete;

  /// Everything that was kept. Lives that ended without keeping their promise are forgotten, all of
  /// them if the log's end is missing.
  [[nodiscard]] Result<LogContents> load();
  /// Random bytes that outlive the run, made at the first call.
  [[nodiscard]] Result<std::string> secret(std::string_view name, std::size_t bytes);
  /// A new run's life: `life` and `promise` are kept with all that was written before.
  [[nodiscard]] std::error_code begin_life(Life life, Promise promise, WallTime now);
  /// From now on events go out that aren't written: positions of all lives until now are worth
  /// nothing after this process's. Kept in a file of its own, in place, so that a full disk doesn't
  /// keep it from being noted.
  [[nodiscard]] std::error_code note_gap();
  /// The gap is over: what was noted becomes part of the log itself.
  [[nodiscard]] std::error_code close_gap();
  /// The run ends with all of its events written.
  [[nodiscard]] std::error_code end_life(WallTime now);

  /// All of them, or none. Durable when it returns, as `sync_each_write` says.
  [[nodiscard]] std::error_code write(std::span<const Change> changes, WallTime now);
  /// Drops a little of what retention no longer keeps and gives back space; true if more is left.
  [[nodiscard]] Result<bool> trim(WallTime now);

  /// Events of one room after `number`, oldest first, up to `most`; those for several rooms or for
  /// everyone among them.
  [[nodiscard]] Result<std::vector<StoredEvent>> read(std::string_view namespace_name,
                                                      std::string_view room, std::uint64_t number,
                                                      std::size_t most);
  /// nullopt if no event of this number is kept.
  [[nodiscard]] Result<std::optional<StoredEvent>> event(std::uint64_t number);
  /// What became of it: by sid, those after `after`, up to `most`.
  [[nodiscard]] Result<std::vector<StoredReceipt>> receipts(std::uint64_t number,
                                                            std::string_view after,
                                                            std::size_t most);

  /// SQLite's words about what failed last.
  [[nodiscard]] std::string why() const;

 private:
  explicit SqliteLog(std::unique_ptr<SqliteLogState> state);
  [[nodiscard]] static Result<std::unique_ptr<SqliteLog>> try_open(const SqliteLogOptions& options,
                                                                   std::string& why);
  std::unique_ptr<SqliteLogState> state_;
};

}  // namespace outcry::eventlog
