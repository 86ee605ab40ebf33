// load/ownership.h — the database that says which simulated user owns which challenge.
#pragma once

#include <cstdint>
#include <string>

namespace outcry::bench {

/// Writes `challenges(id, user_id)` with `count` rows to a new SQLite file. Throws
/// std::runtime_error when the file exists already, or can't be written.
void write_ownership(const std::string& file, std::uint32_t count);

}  // namespace outcry::bench
