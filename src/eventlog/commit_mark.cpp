#include "eventlog/commit_mark.h"

#include <array>
#include <cstdlib>
#include <cstring>
#include <utility>

#include <sqlite3.h>

#include "eventlog/database.h"
#include "eventlog/log_error.h"

namespace outcry::eventlog {
namespace {

// Value, and what must be true of it. In one sector, so rarely torn; found if it is.
using Record = std::array<std::uint64_t, 3>;

std::uint64_t check_of(const CommitMark::Value& value) {
  return ~(value.commits ^ (value.number << 32 | value.number >> 32));
}

}  // namespace

void CommitMark::Close::operator()(sqlite3_file* file) const noexcept {
  if (file->pMethods != nullptr) file->pMethods->xClose(file);
  std::free(file);
}

Result<CommitMark> CommitMark::open(const std::string& path, const std::string& vfs) {
  sqlite3_vfs* const system = sqlite3_vfs_find(vfs.empty() ? nullptr : vfs.c_str());
  if (system == nullptr) return fail(LogError::cant_open);
  if (vfs.empty()) make_private_file(path);
  const auto bytes = static_cast<std::size_t>(system->szOsFile);
  auto* const room = static_cast<sqlite3_file*>(std::calloc(1, bytes));
  if (room == nullptr) return fail(LogError::failed);
  std::unique_ptr<sqlite3_file, Close> file(room);
  // Behind a name SQLite looks for parameters until an empty one.
  const std::string name = path + std::string(2, '\0');
  constexpr int kFlags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_MAIN_DB;
  if (system->xOpen(system, name.c_str(), file.get(), kFlags, nullptr) != SQLITE_OK) {
    return fail(LogError::cant_open);
  }
  return CommitMark(std::move(file));
}

std::optional<CommitMark::Value> CommitMark::read() const {
  Record record{};
  if (file_->pMethods->xRead(file_.get(), record.data(), sizeof(record), 0) != SQLITE_OK) {
    return std::nullopt;
  }
  const Value value{.commits = record[0], .number = record[1]};
  return record[2] == check_of(value) ? std::optional(value) : std::nullopt;
}

void CommitMark::write(const Value& value) noexcept {
  const Record record{value.commits, value.number, check_of(value)};
  (void)file_->pMethods->xWrite(file_.get(), record.data(), sizeof(record), 0);
}

}  // namespace outcry::eventlog
