#include "gateway/database_for_test.h"

#include <memory>

#include <sqlite3.h>

namespace outcry::gateway::test {
namespace {

constexpr int kPatienceMs = 10'000;

}  // namespace

std::string run_sql(const std::filesystem::path& file, const std::string& sql) {
  sqlite3* handle = nullptr;
  const int opened = sqlite3_open(file.c_str(), &handle);
  const std::unique_ptr<sqlite3, decltype(&sqlite3_close)> database(handle, sqlite3_close);
  if (opened != SQLITE_OK) return sqlite3_errstr(opened);
  sqlite3_busy_timeout(handle, kPatienceMs);
  const int done = sqlite3_exec(handle, sql.c_str(), nullptr, nullptr, nullptr);
  return done == SQLITE_OK ? std::string() : sqlite3_errmsg(handle);
}

}  // namespace outcry::gateway::test
