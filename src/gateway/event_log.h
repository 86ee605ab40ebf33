// gateway/event_log.h — the log as the gateway has it: opened and read at start, written by a
// thread of its own, or none at all.
//
//   path = ""     no file: events are kept in memory, positions end with the process
//   path = "…"    SqliteLog ─▶ what was kept ─▶ LogWriter
//
// Thread: the control thread. Owner: Gateway.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "config/config.h"
#include "config/retention_rules.h"
#include "eventlog/log_writer.h"
#include "eventlog/sqlite_log.h"
#include "gateway/event_rules.h"
#include "gateway/recovery_id.h"

namespace outcry::gateway {

class EventLog {
 public:
  /// Opens the file and reads it, which may take seconds where it is large. Throws ConfigError if
  /// it can't be used.
  explicit EventLog(const config::Config& config);
  EventLog(const EventLog&) = delete;
  EventLog& operator=(const EventLog&) = delete;
  ~EventLog();

  /// Starts the thread. `report` is called on it.
  void start(eventlog::LogWriter::Report report);
  /// Writes what waits and ends the thread.
  void stop();

  /// Null if nothing is written.
  [[nodiscard]] eventlog::LogSink* sink() noexcept;
  [[nodiscard]] eventlog::LogWriter* writer() noexcept { return writer_.get(); }
  [[nodiscard]] bool durable() const noexcept { return durable_; }
  [[nodiscard]] eventlog::Life life() const noexcept { return life_; }
  [[nodiscard]] const RecoveryIds::Key& recovery_key() const noexcept { return recovery_key_; }
  /// What the run before left. It is the caller's to empty.
  [[nodiscard]] eventlog::LogContents& contents() noexcept { return contents_; }

 private:
  // Stands for the writer until it runs: the publisher is made before.
  class Sink;

  const bool durable_;
  const eventlog::Life life_ = eventlog::make_life();
  eventlog::LogWriterOptions options_;
  eventlog::LogContents contents_;
  RecoveryIds::Key recovery_key_{};
  std::unique_ptr<eventlog::SqliteLog> log_;
  std::unique_ptr<eventlog::LogWriter> writer_;
  std::unique_ptr<Sink> sink_;
};

}  // namespace outcry::gateway
