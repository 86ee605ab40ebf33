// gateway/database_for_test.h — the back end's SQLite file.
#pragma once

#include <filesystem>
#include <string>

namespace outcry::gateway::test {

/// Runs statements, waiting for whoever reads meanwhile; the error, or "".
[[nodiscard]] std::string run_sql(const std::filesystem::path& file, const std::string& sql);

}  // namespace outcry::gateway::test
