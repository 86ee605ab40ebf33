// base/log.h — one line of JSON per event on standard error, written by a thread of its own.
//
//   {"time":"2026-01-31T12:00:00.123Z","level":"info","message":"worker 0 listens on …"}
//
// A full queue drops the oldest line rather than make a loop wait. Never log tokens, cookies,
// payloads, query strings or an engine session's sid.
#pragma once

#include <cstdint>
#include <string_view>
#include <utility>

#include <fmt/format.h>

namespace outcry::log {

enum class Level : std::uint8_t { debug, info, warning, error };

/// Starts the writer. Before it, and after stop(), lines are dropped. Not thread-safe.
void start(Level lowest);
/// Writes what is queued and ends the writer.
void stop();
/// From now on; any thread.
void set_level(Level lowest) noexcept;
[[nodiscard]] bool enabled(Level level) noexcept;
void write(Level level, std::string_view message) noexcept;

template <class... Args>
void line(Level level, fmt::format_string<Args...> format, Args&&... args) {
  if (enabled(level)) write(level, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void debug(fmt::format_string<Args...> format, Args&&... args) {
  line(Level::debug, format, std::forward<Args>(args)...);
}
template <class... Args>
void info(fmt::format_string<Args...> format, Args&&... args) {
  line(Level::info, format, std::forward<Args>(args)...);
}
template <class... Args>
void warning(fmt::format_string<Args...> format, Args&&... args) {
  line(Level::warning, format, std::forward<Args>(args)...);
}
template <class... Args>
void error(fmt::format_string<Args...> format, Args&&... args) {
  line(Level::error, format, std::forward<Args>(args)...);
}

}  // namespace outcry::log
