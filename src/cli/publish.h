// cli/publish.h — `outcry publish`: one event to a running gateway, by its operations port.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "cli/commands.h"

namespace outcry::cli {

struct PublishOptions {
  std::string room;
  std::string event;
  std::string data = "null";  // JSON; "-": read from standard input
  std::string id;
  std::string namespace_name;
  std::string address;  // "127.0.0.1:5001"
  std::string api_key_file;
  std::optional<std::filesystem::path> config;
};

/// Prints the gateway's answer. kExitFailed if the gateway can't be reached or refuses.
/// Throws config::ConfigError.
[[nodiscard]] int publish(const PublishOptions& options, const Surroundings& surroundings);

}  // namespace outcry::cli
