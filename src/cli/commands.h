// cli/commands.h — the program's commands: words in, an exit code out.
//
//   main ──▶ parse ──▶ default-config, check-config, token, publish, audit, version   here
//                └───▶ serve, by the function that main passes                    gateway, api
//
// `serve` comes from main, so that a small command needs nothing of the gateway.
#pragma once

#include <filesystem>
#include <functional>
#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

#include "config/config.h"

namespace outcry::cli {

inline constexpr int kExitDone = 0;
inline constexpr int kExitFailed = 1;
inline constexpr int kExitUsage = 2;  // bad arguments or configuration

struct ServeOptions {
  std::optional<std::filesystem::path> config;
  bool development = false;
};

/// What a command may touch of the world. Streams are borrowed.
struct Surroundings {
  std::ostream& out;
  std::ostream& err;
  config::Environment environment;
  std::function<int(const ServeOptions&)> serve;  // absent: no such command; throws ConfigError
};

/// Runs the command that `arguments` (without the program's name) call for; returns an exit code.
/// Throws nothing: what a command throws is told on `err`.
[[nodiscard]] int run(const std::vector<std::string>& arguments, const Surroundings& surroundings);

}  // namespace outcry::cli
