// protocol/pickle/decimal.h — Python's big integers in decimal.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace outcry::pickle {

/// Longest two's complement integer, in bytes: 1,233 decimal digits.
inline constexpr std::size_t kIntegerBytesMax = 512;

/// Decimal text of a little-endian two's complement integer of at most kIntegerBytesMax bytes.
/// Quadratic in its length, which is why that is bounded.
[[nodiscard]] std::string decimal_of(std::string_view twos_complement);

}  // namespace outcry::pickle
