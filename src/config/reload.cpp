#include "config/reload.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/log.h"
#include "config/check.h"
#include "config/keys.h"

namespace outcry::config {
namespace {

bool differs(const ConfigKey& key, Config& a, Config& b) {
  return std::visit([&](auto get) { return get(a) != get(b); }, key.member);
}

void copy(const ConfigKey& key, Config& from, Config& to) {
  std::visit([&](auto get) { get(to) = get(from); }, key.member);
}

/// What a development run has made up stays for as long as it runs.
void keep_made_up(LoadedConfig& loaded, Config& running) {
  for (const ConfigKey& key : config_keys()) {
    const bool made_up = std::ranges::find(loaded.made_up, full_name(key)) != loaded.made_up.end();
    if (made_up) copy(key, running, loaded.config);
  }
}

void tell(const ReloadReport& report) {
  if (!report.error.empty()) {
    log::error("reload refused, the old configuration stays: {}", report.error);
    return;
  }
  log::info("reloaded; changed: {}", report.changed.empty()
                                         ? "nothing"
                                         : fmt::format("{}", fmt::join(report.changed, ", ")));
  if (report.need_restart.empty()) return;
  log::warning("reloaded, but a restart is needed for: {}", fmt::join(report.need_restart, ", "));
}

}  // namespace

void note_new_content(Strings& changed, std::string_view key) {
  const std::string_view group = key.substr(0, key.find('_') + 1);
  const bool is_named = std::ranges::any_of(
      changed, [group](const std::string& named) { return named.starts_with(group); });
  if (!is_named) changed.emplace_back(key);
}

Reloader::Reloader(LoadOptions options, Config running)
    : options_(std::move(options)), running_(std::move(running)) {}

ReloadReport Reloader::reload(std::string_view by) {
  ReloadReport report;
  try {
    apply(report);
  } catch (const ConfigError& error) {
    report = {.error = error.what()};
  }
  stats_.last_refused = !report.error.empty();
  ++(stats_.last_refused ? stats_.refused : stats_.taken);
  tell(report);
  on_report(report, by);
  return report;
}

void Reloader::apply(ReloadReport& report) {
  LoadedConfig loaded = load_config(options_);
  keep_made_up(loaded, running_);
  Config next = running_;
  for (const ConfigKey& key : config_keys()) {
    if (!differs(key, running_, loaded.config)) continue;
    (key.reloadable ? report.changed : report.need_restart).push_back(full_name(key));
    if (key.reloadable) copy(key, loaded.config, next);
  }
  // What was right with the values that wait for a restart may be wrong without them.
  if (const Strings problems = config_problems(next, options_.development); !problems.empty()) {
    throw ConfigError(fmt::format("{} (together with values that need a restart: {})",
                                  fmt::join(problems, "\n"), fmt::join(report.need_restart, ", ")));
  }
  std::vector<Commit> commits;
  commits.reserve(parts_.size());
  for (const Part& part : parts_) commits.push_back(part(next, report.changed));
  for (Commit& commit : commits) {
    if (commit) commit();
  }
  running_ = std::move(next);
}

}  // namespace outcry::config
