// serve.h — the command that everything else is for: configuration in, a running gateway.
#pragma once

#include "cli/commands.h"

namespace outcry {

/// Runs until SIGTERM or SIGINT, then drains and ends; returns the process' exit code.
/// Throws config::ConfigError for what the operator has to mend.
[[nodiscard]] int serve(const cli::ServeOptions& options);

}  // namespace outcry
