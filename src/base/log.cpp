#include "base/log.h"

#include <memory>
#include <string>

#include <spdlog/async.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

namespace outcry::log {
namespace {

constexpr std::size_t kQueueLines = 8192;
std::shared_ptr<spdlog::async_logger> g_logger;
std::shared_ptr<spdlog::details::thread_pool> g_pool;

spdlog::level::level_enum to_spdlog(Level level) noexcept {
  switch (level) {
    case Level::debug:
      return spdlog::level::debug;
    case Level::info:
      return spdlog::level::info;
    case Level::warning:
      return spdlog::level::warn;
    case Level::error:
      return spdlog::level::err;
  }
  return spdlog::level::err;
}

// A peer's text may be part of a message: it must not be able to forge a line.
std::string escaped(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out.push_back('\\');
      out.push_back(c);
    } else if (byte < 0x20 || byte == 0x7f) {
      out += fmt::format("\\u{:04x}", byte);
    } else {
      out.push_back(c);
    }
  }
  return out;
}

}  // namespace

void start(Level lowest) {
  g_pool = std::make_shared<spdlog::details::thread_pool>(kQueueLines, 1);
  g_logger = std::make_shared<spdlog::async_logger>(
      "outcry", std::make_shared<spdlog::sinks::stderr_sink_mt>(), g_pool,
      spdlog::async_overflow_policy::overrun_oldest);
  g_logger->set_pattern(R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l","message":"%v"})",
                        spdlog::pattern_time_type::utc);
  g_logger->set_level(to_spdlog(lowest));
}

void stop() {
  // Joins the writer once its queue is empty. The logger goes after it: a queued line shares it,
  // and the writer would else be the one to destroy what this thread has made.
  g_pool.reset();
  g_logger.reset();
}

void set_level(Level lowest) noexcept {
  if (g_logger) g_logger->set_level(to_spdlog(lowest));
}

bool enabled(Level level) noexcept {
  return g_logger && g_logger->should_log(to_spdlog(level));
}

void write(Level level, std::string_view message) noexcept {
  try {
    if (g_logger) g_logger->log(to_spdlog(level), "{}", escaped(message));
  } catch (...) {  // out of memory while logging: the line is lost, the process is not
  }
}

}  // namespace outcry::log
