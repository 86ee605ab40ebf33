#include "load/ownership.h"

#include <filesystem>
#include <memory>
#include <stdexcept>

#include <fmt/format.h>
#include <sqlite3.h>

#include "common/workload.h"

namespace outcry::bench {
namespace {

struct CloseDatabase {
  void operator()(sqlite3* database) const noexcept { sqlite3_close(database); }
};
struct FinalizeStatement {
  void operator()(sqlite3_stmt* statement) const noexcept { sqlite3_finalize(statement); }
};

void check(sqlite3* database, int result, const std::string& file) {
  if (result == SQLITE_OK || result == SQLITE_DONE) return;
  throw std::runtime_error(fmt::format("{}: {}", file, sqlite3_errmsg(database)));
}

}  // namespace

void write_ownership(const std::string& file, std::uint32_t count) {
  if (std::filesystem::exists(file)) throw std::runtime_error(file + ": exists already");
  sqlite3* opened = nullptr;
  const int result = sqlite3_open(file.c_str(), &opened);
  const std::unique_ptr<sqlite3, CloseDatabase> database(opened);
  check(opened, result, file);

  const auto run = [&](const char* sql) {
    check(opened, sqlite3_exec(opened, sql, nullptr, nullptr, nullptr), file);
  };
  run("CREATE TABLE challenges(id TEXT PRIMARY KEY, user_id TEXT NOT NULL); BEGIN");
  sqlite3_stmt* prepared = nullptr;
  check(opened,
        sqlite3_prepare_v2(opened, "INSERT INTO challenges VALUES(?1, ?2)", -1, &prepared, nullptr),
        file);
  std::unique_ptr<sqlite3_stmt, FinalizeStatement> insert(prepared);
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::string challenge = challenge_id(i);
    const std::string user = user_id(i);
    sqlite3_bind_text(prepared, 1, challenge.c_str(), static_cast<int>(challenge.size()),
                      SQLITE_TRANSIENT);
    sqlite3_bind_text(prepared, 2, user.c_str(), static_cast<int>(user.size()), SQLITE_TRANSIENT);
    check(opened, sqlite3_step(prepared), file);
    check(opened, sqlite3_reset(prepared), file);
  }
  insert.reset();
  run("COMMIT");
}

}  // namespace outcry::bench
