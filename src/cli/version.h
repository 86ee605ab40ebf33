// cli/version.h — which build this is.
#pragma once

#include <string_view>

namespace outcry::cli {

/// "outcry 0.1.0"
[[nodiscard]] std::string_view version_line() noexcept;

}  // namespace outcry::cli
