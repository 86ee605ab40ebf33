// cli/token.h — `outcry token`: a signed token for a user, to try a gateway by hand.
//
// The secret comes from a file, the configuration or the environment, never as an argument: those
// of a running program are visible to everyone on the machine.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "cli/commands.h"

namespace outcry::cli {

struct TokenOptions {
  std::string user;
  std::string claim = "user_id";
  long ttl_s = 3600;
  std::string session_id;
  std::string secret_file;
  std::optional<std::filesystem::path> config;
};

/// Prints the token on one line. Throws config::ConfigError.
[[nodiscard]] int print_token(const TokenOptions& options, const Surroundings& surroundings);

}  // namespace outcry::cli
