// store/sqlite_connection.h — one read-only connection with the one prepared query.
//
// Thread: one at a time.
#pragma once

#include <atomic>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "store/owner_store.h"

struct sqlite3;
struct sqlite3_stmt;

namespace outcry::store {

/// A cause for the program and SQLite's words for the operator.
struct SqliteFailure {
  std::error_code code;
  std::string why;
};

/// Which file a path names.
struct FileIdentity {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;

  bool operator==(const FileIdentity&) const = default;
};

class SqliteConnection {
 public:
  /// Errors: unavailable, bad_query.
  [[nodiscard]] static std::expected<std::unique_ptr<SqliteConnection>, SqliteFailure> open(
      const std::string& path, const std::string& query);
  ~SqliteConnection();
  SqliteConnection(const SqliteConnection&) = delete;
  SqliteConnection& operator=(const SqliteConnection&) = delete;

  /// Ends early, with timed_out, when `stop` becomes true; another thread may set it.
  /// Errors: timed_out, unavailable (open a new connection), query_failed.
  [[nodiscard]] Result<bool> owns(const OwnerQuestion& question, TimePoint deadline,
                                  const std::atomic<bool>& stop);

  /// Between them all questions are asked of one state of the database, with one lock. It must be
  /// brief: a writer's commit waits for its end, or its log can't be trimmed before.
  void begin_reading();
  void end_reading();

  /// False once another file (or none) is at the path: a database that was replaced by a rename
  /// would otherwise be read in its old state for ever.
  [[nodiscard]] bool is_current() const;

 private:
  SqliteConnection() = default;
  [[nodiscard]] int step(TimePoint deadline);
  [[nodiscard]] std::error_code prepare(const std::string& query, std::string& why);
  [[nodiscard]] static std::error_code cause_of(int code);
  static int must_end(void* connection) noexcept;

  std::string path_;
  std::optional<FileIdentity> identity_;
  sqlite3* database_ = nullptr;
  sqlite3_stmt* query_ = nullptr;
  int object_parameter_ = 0;
  int user_parameter_ = 0;
  TimePoint deadline_{};
  const std::atomic<bool>* stop_ = nullptr;  // while owns() runs
};

}  // namespace outcry::store
