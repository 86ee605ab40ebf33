#include "config/config.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include "auth/secret_strength.h"
#include "base/random.h"
#include "config/check.h"
#include "config/keys.h"
#include "config/toml.h"

namespace outcry::config {
namespace {

constexpr std::size_t kConfigBytesMax = 1'048'576;
constexpr std::size_t kSecretFileBytesMax = 65'536;

[[noreturn]] void refuse(const Strings& problems) {
  throw ConfigError(fmt::format("{}", fmt::join(problems, "\n")));
}

/// `what` names the file's purpose in the message.
std::string read_file(const std::string& path, std::size_t bytes_max, std::string_view what) {
  std::error_code ignored;  // a path that can't be examined can't be opened either
  if (std::filesystem::is_directory(path, ignored)) {
    throw ConfigError(fmt::format("{}: \"{}\" is a directory", what, path));
  }
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    throw ConfigError(fmt::format("{}: can't read \"{}\": {}", what, path, std::strerror(errno)));
  }
  std::string content(bytes_max + 1, '\0');
  file.read(content.data(), static_cast<std::streamsize>(content.size()));
  if (file.bad()) throw ConfigError(fmt::format("{}: can't read \"{}\"", what, path));
  content.resize(static_cast<std::size_t>(file.gcount()));
  if (content.size() > bytes_max) {
    throw ConfigError(fmt::format("{}: \"{}\" has more than {} bytes", what, path, bytes_max));
  }
  return content;
}

Strings lines_of(std::string_view text) {
  Strings lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (!line.empty() && !line.starts_with('#')) lines.emplace_back(line);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

std::string suggestion(std::string_view word, std::span<const std::string> known) {
  const std::string near = nearest(word, known);
  return near.empty() ? std::string() : fmt::format("; did you mean \"{}\"?", near);
}

std::string unknown_key(const TomlEntry& entry) {
  Strings sections;
  Strings names;
  Strings elsewhere;
  for (const ConfigKey& key : config_keys()) {
    if (sections.empty() || sections.back() != key.section) sections.emplace_back(key.section);
    if (key.section == entry.section) names.emplace_back(key.name);
    if (key.name == entry.name) elsewhere.push_back(full_name(key));
  }
  if (entry.section.empty()) {
    return fmt::format("unknown key \"{}\" outside of any section{}", entry.name,
                       suggestion(entry.name, sections));
  }
  if (!is_section(entry.section)) {
    return fmt::format("unknown section [{}]{}", entry.section,
                       suggestion(entry.section, sections));
  }
  const std::string near = suggestion(entry.name, names);
  return fmt::format("unknown key {}.{}{}", entry.section, entry.name,
                     near.empty() && !elsewhere.empty()
                         ? fmt::format("; there is {}", fmt::join(elsewhere, ", "))
                         : near);
}

Strings apply_file(Config& config, const std::filesystem::path& path) {
  const std::string name = path.string();
  std::vector<TomlEntry> entries;
  try {
    entries = read_toml(read_file(name, kConfigBytesMax, "configuration"));
  } catch (const ConfigError& error) {
    const std::string what = error.what();  // begins with the line, if it was read at all
    if (what.starts_with("configuration")) throw;
    refuse({fmt::format("{}:{}", name, what)});
  }
  std::ranges::sort(entries, {}, &TomlEntry::line);
  Strings problems;
  std::string last_unknown;
  for (const TomlEntry& entry : entries) {
    const ConfigKey* key = find_key(entry.section, entry.name);
    if (key == nullptr) {
      if (entry.name.empty() && is_section(entry.section)) continue;  // a section without keys
      std::string unknown = unknown_key(entry);
      if (unknown == last_unknown) continue;  // one line for all keys of an unknown section
      problems.push_back(fmt::format("{}:{}: {}", name, entry.line, unknown));
      last_unknown = std::move(unknown);
    } else if (const auto problem = assign(config, *key, entry.value)) {
      problems.push_back(fmt::format("{}:{}: {} {}", name, entry.line, full_name(*key), *problem));
    }
  }
  return problems;
}

/// A key that may be given by a file instead: the environment's choice replaces the file's.
struct SecretPair {
  std::string_view section;
  std::string_view key;
  std::string_view file_key;
};
constexpr SecretPair kSecretPairs[] = {
    {"operations", "api_keys", "api_keys_file"},
    {"auth", "secret", "secret_file"},
    {"bus", "redis", "redis_file"},
    {"store", "url", "url_file"},
    {"policy_grant", "secret", "secret_file"},
    {"policy_http", "secret", "secret_file"},
};

void clear(Config& config, const ConfigKey& key) {
  Config defaults;
  std::visit([&](auto get) { get(config) = get(defaults); }, key.member);
}

bool is_set(Config& config, const ConfigKey& key) {
  Config defaults;
  return std::visit([&](auto get) { return get(config) != get(defaults); }, key.member);
}

void clear_counterpart(Config& config, const ConfigKey& key) {
  for (const SecretPair& pair : kSecretPairs) {
    if (pair.section != key.section) continue;
    if (pair.key == key.name) clear(config, *find_key(pair.section, pair.file_key));
    if (pair.file_key == key.name) clear(config, *find_key(pair.section, pair.key));
  }
}

Strings apply_environment(Config& config, const Environment& environment) {
  Strings problems;
  for (const ConfigKey& key : config_keys()) {
    const auto found = environment.find(environment_name(key));
    if (found == environment.end()) continue;
    clear_counterpart(config, key);
    if (const auto problem = assign_text(config, key, found->second)) {
      problems.push_back(fmt::format("{}: {} {}", found->first, full_name(key), *problem));
    }
  }
  return problems;
}

/// Unknown variables are told, not refused: an orchestrator adds its own (OUTCRY_SERVER_PORT…).
Strings unknown_variables(const Environment& environment) {
  Strings known;
  Strings sections;
  for (const ConfigKey& key : config_keys()) {
    known.push_back(environment_name(key));
    sections.push_back(
        known.back().substr(0, std::string("OUTCRY_").size() + key.section.size() + 1));
  }
  Strings notices;
  for (const auto& [name, value] : environment) {
    const bool ours = std::ranges::any_of(
        sections, [&name](const std::string& prefix) { return name.starts_with(prefix); });
    if (ours && std::ranges::find(known, name) == known.end()) {
      notices.push_back(fmt::format("{} is no configuration key{}; it is ignored", name,
                                    suggestion(name, known)));
    }
  }
  return notices;
}

void resolve_files(Config& config) {
  Strings problems;
  for (const SecretPair& pair : kSecretPairs) {
    const ConfigKey& key = *find_key(pair.section, pair.key);
    const ConfigKey& file_key = *find_key(pair.section, pair.file_key);
    if (is_set(config, key) && is_set(config, file_key)) {
      problems.push_back(
          fmt::format("{} and {}: set one of them", full_name(key), full_name(file_key)));
    }
  }
  if (!problems.empty()) refuse(problems);
  if (!config.auth.secret_file.empty()) {
    config.auth.secret = read_secret_file(config.auth.secret_file, "auth.secret_file");
  }
  if (!config.bus.redis_file.empty()) {
    config.bus.redis = read_secret_file(config.bus.redis_file, "bus.redis_file");
  }
  if (!config.store.url_file.empty()) {
    config.store.url = read_secret_file(config.store.url_file, "store.url_file");
  }
  if (!config.policy_grant.secret_file.empty()) {
    config.policy_grant.secret =
        read_secret_file(config.policy_grant.secret_file, "policy_grant.secret_file");
  }
  if (!config.policy_http.secret_file.empty()) {
    config.policy_http.secret =
        read_secret_file(config.policy_http.secret_file, "policy_http.secret_file");
  }
  if (!config.operations.api_keys_file.empty()) {
    config.operations.api_keys = lines_of(read_file(
        config.operations.api_keys_file, kSecretFileBytesMax, "operations.api_keys_file"));
  }
}

/// What would be in a developer's way: a phone or a container's host comes from outside, and a
/// browser that once heard HSTS from "localhost" reaches nothing else there by plain HTTP.
void relax(Config& config) {
  config.server.plain_http = "allow";
  config.server.hsts_max_age = seconds(0);
}

/// A development run without secrets gets fresh ones, never fixed ones that could end up elsewhere.
void make_up_secrets(LoadedConfig& loaded) {
  constexpr std::size_t kRandomBytes = 36;
  Config& config = loaded.config;
  const bool has_public_keys = !config.auth.public_keys.empty() || !config.auth.jwks_file.empty() ||
                               !config.auth.jwks_url.empty();
  if (config.auth.secret.empty() && !has_public_keys) {
    config.auth.secret = random_id(kRandomBytes);
    loaded.made_up.emplace_back("auth.secret");
    loaded.notices.push_back("development: auth.secret for this run is " + config.auth.secret);
  } else if (const auto weakness = auth::secret_weakness(config.auth.secret);
             weakness && !config.auth.secret.empty()) {
    loaded.notices.push_back("development: auth.secret " + *weakness +
                             "; without --dev it is refused");
  }
  if (config.operations.api_keys.empty()) {
    config.operations.api_keys.push_back(random_id(kRandomBytes));
    loaded.made_up.emplace_back("operations.api_keys");
    loaded.notices.push_back("development: the API key for this run is " +
                             config.operations.api_keys.front());
  }
}

}  // namespace

Environment process_environment() {
  Environment variables;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const std::size_t equals = text.find('=');
    if (!text.starts_with("OUTCRY_") || equals == std::string_view::npos) continue;
    variables.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return variables;
}

std::string read_secret_file(const std::string& path, std::string_view key) {
  std::string content = read_file(path, kSecretFileBytesMax, key);
  if (content.ends_with('\n')) content.pop_back();
  if (content.ends_with('\r')) content.pop_back();
  return content;
}

LoadedConfig read_config(const LoadOptions& options) {
  LoadedConfig loaded;
  Strings problems;
  if (options.file) problems = apply_file(loaded.config, *options.file);
  std::ranges::move(apply_environment(loaded.config, options.environment),
                    std::back_inserter(problems));
  if (!problems.empty()) refuse(problems);
  resolve_files(loaded.config);
  loaded.notices = unknown_variables(options.environment);
  return loaded;
}

LoadedConfig load_config(const LoadOptions& options) {
  LoadedConfig loaded = read_config(options);
  if (options.development) {
    relax(loaded.config);
    make_up_secrets(loaded);
  }
  Strings problems = config_problems(loaded.config, options.development);
  if (!problems.empty()) {
    const std::string prefix = options.file ? options.file->string() + ": " : std::string();
    for (std::string& problem : problems) problem.insert(0, prefix);
    refuse(problems);
  }
  return loaded;
}

}  // namespace outcry::config
