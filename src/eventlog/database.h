// eventlog/database.h — SQLite, as the log needs it: one connection that owns its file.
//
// Thread: one at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "eventlog/log_error.h"

struct sqlite3;
struct sqlite3_stmt;

namespace outcry::eventlog {

class Database;

/// A prepared statement. Texts that were bound must live until step() has returned.
class Statement {
 public:
  Statement() = default;

  Statement& bind(int index, std::uint64_t value);
  Statement& bind(int index, std::string_view text);
  Statement& bind_blob(int index, std::string_view bytes);
  Statement& bind_null(int index);

  /// True if there is a row to look at; false at the end. After the end, and after an error, it
  /// can be bound and run again. Errors: LogError.
  [[nodiscard]] Result<bool> step();
  /// For a statement without rows.
  [[nodiscard]] std::error_code run();
  /// Done with a row before the last.
  void reset() noexcept;

  [[nodiscard]] std::uint64_t number(int column) const;
  /// Of text and of bytes; valid until the next step.
  [[nodiscard]] std::string_view text(int column) const;
  [[nodiscard]] bool is_null(int column) const;

 private:
  friend class Database;
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const noexcept;
  };
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

enum class Journal : std::uint8_t {
  wal,  // commits are appended to a file of their own
  none  // changes are written in place, at once: for one page that must be writable on a full disk
};

/// Makes the file, if there is none, for its owner's eyes: events are what the platform's users
/// alone may see. SQLite gives the files beside its own the same permissions.
void make_private_file(const std::string& path);

class Database {
 public:
  /// Opens, or makes, the file for this process alone. `vfs`: name of a registered file system of
  /// SQLite's; empty: the system's own. Errors: cant_open, in_use, corrupt, read_only, …
  [[nodiscard]] static Result<Database> open(const std::string& path, Journal journal,
                                             const std::string& vfs = {});

  /// One or more statements without results.
  [[nodiscard]] std::error_code execute(const char* statements);
  [[nodiscard]] Result<Statement> prepare(std::string_view statement);
  /// Rows changed by the statement run last.
  [[nodiscard]] std::uint64_t changes() const noexcept;
  /// SQLite's words about what failed last, for the operator.
  [[nodiscard]] std::string why() const;
  [[nodiscard]] bool in_transaction() const noexcept;

 private:
  struct Close {
    void operator()(sqlite3* database) const noexcept;
  };
  Database() = default;
  std::unique_ptr<sqlite3, Close> database_;
};

}  // namespace outcry::eventlog
