#include "gateway/event_log.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/bytes.h"
#include "base/log.h"

namespace outcry::gateway {

class EventLog::Sink final : public eventlog::LogSink {
 public:
  explicit Sink(const std::unique_ptr<eventlog::LogWriter>& writer) : writer_(writer) {}
  bool add(eventlog::Change change) override { return writer_ && writer_->add(std::move(change)); }
  void commit() override { writer_->commit(); }

 private:
  const std::unique_ptr<eventlog::LogWriter>& writer_;
};

namespace {

[[noreturn]] void refuse(const std::string& path, std::error_code error, const std::string& why) {
  throw config::ConfigError(fmt::format("eventlog.path: {}: {}{}{}", path, error.message(),
                                        why.empty() ? "" : ": ", why));
}

}  // namespace

EventLog::EventLog(const config::Config& config) : durable_(!config.eventlog.path.empty()) {
  if (!durable_) {
    recovery_key_ = RecoveryIds::make_key();
    return;
  }
  const config::EventlogConfig& from = config.eventlog;
  options_ = {.promise = EventRules(config.events, from).promise(),
              .waiting_bytes_max = from.waiting_bytes_max};
  std::string notice;
  auto log = eventlog::SqliteLog::open({.path = from.path,
                                        .sync_each_write = from.sync,
                                        .retentions = config::RetentionRules(from).rules(),
                                        .events_loaded_max = from.memory_events_max,
                                        .bytes_loaded_max = from.memory_bytes_max},
                                       notice);
  if (!log) refuse(from.path, log.error(), notice);
  if (!notice.empty()) log::error("log: {}", notice);
  log_ = std::move(*log);
  auto contents = log_->load();
  if (!contents) refuse(from.path, contents.error(), log_->why());
  contents_ = std::move(*contents);
  if (contents_.end_missing) {
    log::error(
        "log: {}: its end, which had been written, is missing: clients are told to load anew",
        from.path);
  }
  const auto key = log_->secret("recovery", recovery_key_.size());
  if (!key) refuse(from.path, key.error(), log_->why());
  std::ranges::copy(as_bytes(*key), recovery_key_.begin());
  if (const auto error = log_->begin_life(life_, options_.promise, wall_now())) {
    refuse(from.path, error, log_->why());
  }
  sink_ = std::make_unique<Sink>(writer_);
  log::info("log: {} events, {} values and {} sockets from before", contents_.events.size(),
            contents_.values.size(), contents_.sessions.size());
}

EventLog::~EventLog() = default;

void EventLog::start(eventlog::LogWriter::Report report) {
  if (!durable_) return;
  writer_ = std::make_unique<eventlog::LogWriter>(std::move(log_), options_, std::move(report));
}

void EventLog::stop() {
  writer_.reset();
}

eventlog::LogSink* EventLog::sink() noexcept {
  return sink_.get();
}

}  // namespace outcry::gateway
