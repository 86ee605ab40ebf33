// eventlog/stored_sum.h — whether a row is still what was written.
//
// SQLite finds a page that is damaged so that its rows can't be told apart, and not an octet that
// has changed within a row: people would be shown what nobody published.
// Pure; any thread.
#pragma once

#include <cstdint>

#include "eventlog/stored.h"

namespace outcry::eventlog {

/// Of everything that is shown of it, and of whom to; not of when it was written, nor of how long
/// it is kept. Never 0.
[[nodiscard]] std::uint64_t sum_of(const StoredEvent& event);
[[nodiscard]] std::uint64_t sum_of(const StoredValue& value);

}  // namespace outcry::eventlog
