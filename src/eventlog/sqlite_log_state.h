// eventlog/sqlite_log_state.h — what the parts of SqliteLog share: connection, statements, totals.
// Thread: SqliteLog's.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "eventlog/commit_mark.h"
#include "eventlog/database.h"
#include "eventlog/sqlite_log.h"

namespace outcry::eventlog {

struct SqliteLogState {
  struct Totals {
    std::uint64_t events = 0;
    std::uint64_t bytes = 0;
  };
  struct Statements {
    Statement insert_event, put_value, drop_value, open_session, join, leave, end_session,
        end_session_rooms, put_cursor, put_receipt, put_meta;
    Statement oldest_events, delete_events, delete_receipts, delete_cursors;
    Statement read_room, read_many, read_one, read_receipts;
  };

  SqliteLogState(const SqliteLogOptions& with, Database opened, Database gap_opened,
                 CommitMark mark_opened)
      : options(with),
        database(std::move(opened)),
        gap(std::move(gap_opened)),
        mark(std::move(mark_opened)),
        totals(with.retentions.size()) {}

  [[nodiscard]] std::error_code prepare();
  [[nodiscard]] std::error_code count();
  [[nodiscard]] std::error_code put_meta(std::string_view name, std::uint64_t value);
  [[nodiscard]] Result<std::uint64_t> meta(std::string_view name);
  /// Runs f() in a transaction; on an error nothing of it remains.
  template <class F>
  [[nodiscard]] std::error_code transact(F&& f) {
    std::error_code error = database.execute("BEGIN IMMEDIATE");
    if (!error) error = f();
    if (!error) error = database.execute("COMMIT");
    if (error && database.in_transaction()) (void)database.execute("ROLLBACK");
    return error;
  }

  const SqliteLogOptions options;
  Database database;
  Database gap;
  CommitMark mark;
  CommitMark::Value written;            // what the mark says, or should
  std::optional<LogContents> contents;  // read when it was opened, until load()
  Statements statements{};
  std::vector<Totals> totals;  // by retention
};

// Lists of texts as one value: for each its length (4 bytes, little-endian), then its bytes.

[[nodiscard]] std::string pack_strings(const Strings& strings);
/// Errors: corrupt.
[[nodiscard]] Result<Strings> unpack_strings(std::string_view packed);

[[nodiscard]] std::uint64_t as_number(WallTime time);
[[nodiscard]] WallTime as_time(std::uint64_t number);

}  // namespace outcry::eventlog
