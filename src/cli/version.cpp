#include "cli/version.h"

namespace outcry::cli {

std::string_view version_line() noexcept {
  return "outcry " OUTCRY_VERSION;
}

}  // namespace outcry::cli
