#include "store/sqlite_connection.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>
#include <sys/stat.h>

#include <sqlite3.h>

namespace outcry::store {
namespace {

constexpr int kStepsPerDeadlineCheck = 1'000;  // some tens of microseconds of SQLite's own steps
constexpr int kBusyPauseMs = 250;

/// Each with its reason; none changes the file.
constexpr std::array<const char*, 4> kPragmas{
    // A second lock beside the read-only open: no statement of this connection writes.
    "PRAGMA query_only = ON",
    // The schema is the application's. Functions and views in it must not do more than read.
    "PRAGMA trusted_schema = OFF",
    // Reads go through the page cache, not through mapped memory: a file that another process
    // shortens would end this one with SIGBUS.
    "PRAGMA mmap_size = 0",
    // Pages of the index's upper levels. Rows are asked for once and then remembered as answers;
    // the system's file cache has the rest.
    "PRAGMA cache_size = -256",
};
// The journal mode stays as the writer chose it. In WAL mode a reader needs write access to the
// directory or an existing -shm file; otherwise opening fails and says so.

bool is_blank(std::string_view text) {
  return text.find_first_not_of(" \t\r\n;") == std::string_view::npos;
}

/// The place of parameter 1 or 2, which is written ?1 or, as PostgreSQL has it, $1; 0: there is
/// none. By name: the count alone is 2 as well for a query that forgot one.
int parameter(sqlite3_stmt* query, char number) {
  const std::array<char, 3> question_mark{'?', number, '\0'};
  const std::array<char, 3> dollar{'$', number, '\0'};
  const int place = sqlite3_bind_parameter_index(query, question_mark.data());
  return place != 0 ? place : sqlite3_bind_parameter_index(query, dollar.data());
}

/// A row says yes, unless its first column is NULL or zero: `SELECT EXISTS (…)` always has a row.
bool says_yes(sqlite3_stmt* query) {
  switch (sqlite3_column_type(query, 0)) {
    case SQLITE_NULL:
      return false;
    case SQLITE_INTEGER:
      return sqlite3_column_int64(query, 0) != 0;
    case SQLITE_FLOAT:
      return sqlite3_column_double(query, 0) != 0.0;
    default:
      return true;
  }
}

/// Device and inode; nullopt if there is no file.
std::optional<FileIdentity> identity_of(const std::string& path) {
  struct stat status{};
  if (stat(path.c_str(), &status) != 0) return std::nullopt;
  return FileIdentity{status.st_dev, status.st_ino};
}

}  // namespace

std::expected<std::unique_ptr<SqliteConnection>, SqliteFailure> SqliteConnection::open(
    const std::string& path, const std::string& query) {
  std::unique_ptr<SqliteConnection> connection(new SqliteConnection());
  connection->path_ = path;
  connection->identity_ = identity_of(path);
  // No URI names: a path may not carry options. One thread: no locks inside SQLite needed.
  const int opened = sqlite3_open_v2(path.c_str(), &connection->database_,
                                     SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, nullptr);
  sqlite3* database = connection->database_;
  if (opened != SQLITE_OK) {
    const char* why = database != nullptr ? sqlite3_errmsg(database) : sqlite3_errstr(opened);
    return std::unexpected(SqliteFailure{StoreError::unavailable, why});
  }
  sqlite3_extended_result_codes(database, 1);
  sqlite3_busy_timeout(database, kBusyPauseMs);
  for (const char* pragma : kPragmas) {
    if (sqlite3_exec(database, pragma, nullptr, nullptr, nullptr) != SQLITE_OK) {
      return std::unexpected(SqliteFailure{StoreError::unavailable, sqlite3_errmsg(database)});
    }
  }
  std::string why;
  if (const std::error_code error = connection->prepare(query, why)) {
    return std::unexpected(SqliteFailure{error, why});
  }
  sqlite3_progress_handler(database, kStepsPerDeadlineCheck, &must_end, connection.get());
  return connection;
}

SqliteConnection::~SqliteConnection() {
  sqlite3_finalize(query_);
  sqlite3_close(database_);
}

std::error_code SqliteConnection::prepare(const std::string& query, std::string& why) {
  const char* rest = nullptr;
  const int prepared =
      sqlite3_prepare_v3(database_, query.c_str(), static_cast<int>(query.size()) + 1,
                         SQLITE_PREPARE_PERSISTENT, &query_, &rest);
  if (prepared != SQLITE_OK) {
    why = sqlite3_errmsg(database_);
    // SQLITE_ERROR is about the statement: bad syntax, no such table. The rest is about the file.
    const bool about_query = (prepared & 0xff) == SQLITE_ERROR;
    return about_query ? StoreError::bad_query : StoreError::unavailable;
  }
  object_parameter_ = parameter(query_, '1');  // 0 for a null query
  user_parameter_ = parameter(query_, '2');
  if (query_ == nullptr) {
    why = "the query is empty";
  } else if (!is_blank(rest)) {
    why = "there is more than one statement";
  } else if (sqlite3_stmt_readonly(query_) == 0) {
    why = "the statement could write";
  } else if (sqlite3_column_count(query_) == 0) {
    why = "the statement has no result";
  } else if (object_parameter_ == 0 || user_parameter_ == 0 ||
             sqlite3_bind_parameter_count(query_) != 2) {
    why = "the parameters must be $1, the object, and $2, the user, both used and no other";
  } else {
    return {};
  }
  return StoreError::bad_query;
}

Result<bool> SqliteConnection::owns(const OwnerQuestion& question, TimePoint deadline,
                                    const std::atomic<bool>& stop) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - steady_now()).count();
  if (left <= 0) return fail(StoreError::timed_out);
  deadline_ = deadline;
  stop_ = &stop;
  // While a writer holds the file, SQLite sleeps without running the progress handler.
  sqlite3_busy_timeout(database_, static_cast<int>(std::min<std::int64_t>(left, 60'000)));
  const auto bind = [this](int index, const std::string& text) {
    return sqlite3_bind_text(query_, index, text.data(), static_cast<int>(text.size()),
                             SQLITE_STATIC);
  };
  int code = bind(object_parameter_, question.object_id);
  if (code == SQLITE_OK) code = bind(user_parameter_, question.user);
  if (code == SQLITE_OK) code = step(deadline);
  const bool owned = code == SQLITE_ROW && says_yes(query_);
  const std::error_code cause =
      code == SQLITE_ROW || code == SQLITE_DONE ? std::error_code() : cause_of(code);
  sqlite3_reset(query_);  // ends its read transaction, if it isn't part of a longer one
  sqlite3_clear_bindings(query_);
  if (cause) return fail(cause);
  return owned;
}

// SQLite compiles the query anew for a changed schema. SQLITE_SCHEMA: it changed again meanwhile,
// which says nothing about the file or the query.
int SqliteConnection::step(TimePoint deadline) {
  int code = SQLITE_OK;
  do {
    code = sqlite3_step(query_);
  } while ((code & 0xff) == SQLITE_SCHEMA && steady_now() < deadline);
  return code;
}

// A BEGIN that fails leaves each question its own transaction, which is what it had without.
void SqliteConnection::begin_reading() {
  (void)sqlite3_exec(database_, "BEGIN", nullptr, nullptr, nullptr);
}

void SqliteConnection::end_reading() {
  // Not begun, or ended by SQLite itself after an error.
  if (sqlite3_get_autocommit(database_) != 0) return;
  (void)sqlite3_exec(database_, "ROLLBACK", nullptr, nullptr, nullptr);
}

std::error_code SqliteConnection::cause_of(int code) {
  switch (code & 0xff) {
    case SQLITE_INTERRUPT:
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_SCHEMA:
      return StoreError::timed_out;
    case SQLITE_CANTOPEN:
    case SQLITE_IOERR:
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
      return StoreError::unavailable;
    default:
      return StoreError::query_failed;
  }
}

bool SqliteConnection::is_current() const {
  return identity_of(path_) == identity_;
}

int SqliteConnection::must_end(void* connection) noexcept {
  const auto& self = *static_cast<SqliteConnection*>(connection);
  // Opening runs statements too, with neither limit set.
  const bool running = self.stop_ != nullptr;
  return running && (self.stop_->load() || steady_now() >= self.deadline_) ? 1 : 0;
}

}  // namespace outcry::store
