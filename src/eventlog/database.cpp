#include "eventlog/database.h"

#include <sys/stat.h>

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include "base/assert.h"

namespace outcry::eventlog {
namespace {

LogError cause_of(int code) {
  switch (code & 0xff) {
    case SQLITE_FULL:
      return LogError::disk_full;
    case SQLITE_READONLY:
    case SQLITE_PERM:
      return LogError::read_only;
    case SQLITE_CANTOPEN:
      return LogError::cant_open;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return LogError::in_use;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return LogError::corrupt;
    case SQLITE_IOERR:
      return LogError::io;
    default:
      return LogError::failed;
  }
}

}  // namespace

// ---- Statement ----

void Statement::Finalize::operator()(sqlite3_stmt* statement) const noexcept {
  sqlite3_finalize(statement);
}

Statement& Statement::bind(int index, std::uint64_t value) {
  OUTCRY_ASSERT(sqlite3_bind_int64(statement_.get(), index, static_cast<sqlite3_int64>(value)) ==
                SQLITE_OK);
  return *this;
}

Statement& Statement::bind(int index, std::string_view text) {
  const char* data = text.data() == nullptr ? "" : text.data();  // a null pointer would be NULL
  OUTCRY_ASSERT(sqlite3_bind_text64(statement_.get(), index, data, text.size(), SQLITE_STATIC,
                                    SQLITE_UTF8) == SQLITE_OK);
  return *this;
}

Statement& Statement::bind_blob(int index, std::string_view bytes) {
  OUTCRY_ASSERT(sqlite3_bind_blob64(statement_.get(), index, bytes.data(), bytes.size(),
                                    SQLITE_STATIC) == SQLITE_OK);
  return *this;
}

Statement& Statement::bind_null(int index) {
  OUTCRY_ASSERT(sqlite3_bind_null(statement_.get(), index) == SQLITE_OK);
  return *this;
}

Result<bool> Statement::step() {
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  sqlite3_reset(statement_.get());
  if (code == SQLITE_DONE) return false;
  return fail(cause_of(code));
}

std::error_code Statement::run() {
  const auto row = step();
  if (!row) return row.error();
  OUTCRY_ASSERT(!*row);
  return {};
}

void Statement::reset() noexcept {
  sqlite3_reset(statement_.get());
}

std::uint64_t Statement::number(int column) const {
  return static_cast<std::uint64_t>(sqlite3_column_int64(statement_.get(), column));
}

std::string_view Statement::text(int column) const {
  const void* bytes = sqlite3_column_blob(statement_.get(), column);
  const int size = sqlite3_column_bytes(statement_.get(), column);
  return {static_cast<const char*>(bytes), static_cast<std::size_t>(size)};
}

bool Statement::is_null(int column) const {
  return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL;
}

// ---- Database ----

void make_private_file(const std::string& path) {
  const int made = ::open(path.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (made >= 0) ::close(made);
}

void Database::Close::operator()(sqlite3* database) const noexcept {
  sqlite3_close_v2(database);
}

Result<Database> Database::open(const std::string& path, Journal journal, const std::string& vfs) {
  Database out;
  sqlite3* database = nullptr;
  if (vfs.empty()) make_private_file(path);
  // No URI names: a path may not carry options. One thread at a time: no locks inside needed.
  const int opened = sqlite3_open_v2(
      path.c_str(), &database, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
      vfs.empty() ? nullptr : vfs.c_str());
  out.database_.reset(database);
  if (opened != SQLITE_OK) return fail(cause_of(opened));
  sqlite3_extended_result_codes(database, 1);
  // Exclusive before WAL: then the WAL's index is in this process's memory, with no shared memory
  // file beside it, and nobody else opens the log while it is being written.
  std::error_code error = out.execute("PRAGMA locking_mode = EXCLUSIVE");
  if (!error) {
    error = out.execute(journal == Journal::wal
                            ? "PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL"
                            : "PRAGMA journal_mode = OFF; PRAGMA synchronous = FULL");
  }
  if (!error) {
    error = out.execute(
        "PRAGMA trusted_schema = OFF;"
        "PRAGMA mmap_size = 0;"  // a file that somebody shortens must not end the process
        "PRAGMA temp_store = MEMORY;"
        "BEGIN EXCLUSIVE; COMMIT");  // takes the lock now, not at the first event
  }
  if (error) return fail(error);
  return out;
}

std::error_code Database::execute(const char* statements) {
  const int code = sqlite3_exec(database_.get(), statements, nullptr, nullptr, nullptr);
  if (code == SQLITE_OK) return {};
  return cause_of(code);
}

Result<Statement> Database::prepare(std::string_view statement) {
  Statement out;
  sqlite3_stmt* prepared = nullptr;
  const int code =
      sqlite3_prepare_v3(database_.get(), statement.data(), static_cast<int>(statement.size()),
                         SQLITE_PREPARE_PERSISTENT, &prepared, nullptr);
  if (code != SQLITE_OK) return fail(cause_of(code));
  out.statement_.reset(prepared);
  return out;
}

std::uint64_t Database::changes() const noexcept {
  return static_cast<std::uint64_t>(sqlite3_changes64(database_.get()));
}

std::string Database::why() const {
  return sqlite3_errmsg(database_.get());
}

bool Database::in_transaction() const noexcept {
  return sqlite3_get_autocommit(database_.get()) == 0;
}

}  // namespace outcry::eventlog
