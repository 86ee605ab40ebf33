// protocol/msgpack/date.h — a moment as JavaScript's Date.prototype.toJSON writes it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace outcry::msgpack {

/// "2024-01-02T03:04:05.678Z" for milliseconds since 1970. Years outside 0 to 9999 have a sign and
/// six digits. nullopt beyond JavaScript's range of 100 million days, where a Date is invalid.
[[nodiscard]] std::optional<std::string> iso_date(std::int64_t unix_ms);

}  // namespace outcry::msgpack
