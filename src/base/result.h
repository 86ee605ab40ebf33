// base/result.h — the one way an expected failure travels: a value or an error code.
//
// Each folder has one `enum class` of causes with a std::error_category, so a code says which
// rule was broken; callers that decide policy compare codes, logs print them.
#pragma once

#include <expected>
#include <system_error>

namespace outcry {

template <class T>
using Result = std::expected<T, std::error_code>;

/// Shorthand for returning an error from a function that returns Result<T>.
[[nodiscard]] inline std::unexpected<std::error_code> fail(std::error_code code) {
  return std::unexpected(code);
}

}  // namespace outcry
