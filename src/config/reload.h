// config/reload.h — a new configuration for a running gateway: all of it or nothing.
//
//   SIGHUP, POST /v1/reload ─▶ read ─▶ check ─▶ each part prepares ─▶ each part commits
//                                 └───────┴─────────┴─▶ ConfigError: all stays as it was
//
// What needs no restart is told by the table of keys (ConfigKey::reloadable) and nowhere else: the
// configuration that the parts are given has the running values in all other keys. A part prepares
// what can fail before any part commits, and a commit can't fail.
//
// Files are read by the calling thread: few, small, and only when an operator asks.
// Thread: the control thread.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"

namespace outcry::config {

/// What became of a reload. Lists are of keys, "section.name".
struct ReloadReport {
  std::string error;     // why the new configuration was refused; empty: it is in force
  Strings changed;       // the new values are in force
  Strings need_restart;  // the new values are not, until the next start
};

struct ReloadStats {
  std::uint64_t taken = 0;
  std::uint64_t refused = 0;
  bool last_refused = false;
};

/// Adds `key` to `changed`: the file that it names has new content. Not if a key of the same group
/// ("server.tls_…") is there already: then its new value says as much.
void note_new_content(Strings& changed, std::string_view key);

class Reloader {
 public:
  using Commit = std::move_only_function<void()>;
  /// Makes of the new configuration what its part of the program needs. Throws ConfigError if that
  /// can't be done. Adds to `changed` the keys of files whose content is new. Returns what puts it
  /// into force; empty: nothing to do.
  using Part = std::function<Commit(const Config& next, Strings& changed)>;

  /// `options` are those that `running` was loaded with.
  Reloader(LoadOptions options, Config running);

  /// Parts prepare and commit in the order in which they were added.
  void add(Part part) { parts_.push_back(std::move(part)); }

  /// Reads the configuration again and applies what can change. Logs what it reports. `by`: who
  /// asked, for the audit trail.
  ReloadReport reload(std::string_view by = "SIGHUP");

  /// Called with each report.
  std::function<void(const ReloadReport&, std::string_view by)> on_report = [](const ReloadReport&,
                                                                               std::string_view) {};

  [[nodiscard]] const ReloadStats& stats() const noexcept { return stats_; }

 private:
  void apply(ReloadReport& report);

  const LoadOptions options_;
  Config running_;
  std::vector<Part> parts_;
  ReloadStats stats_;
};

}  // namespace outcry::config
