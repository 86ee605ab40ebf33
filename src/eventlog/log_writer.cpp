#include "eventlog/log_writer.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

#include "base/log.h"

namespace outcry::eventlog {
namespace {

/// About what it takes in memory.
std::size_t size_of(const Change& change) {
  std::size_t bytes = sizeof(Change);
  if (const auto* event = std::get_if<StoredEvent>(&change)) {
    bytes += event->arguments.size() + event->event.size();
    for (const std::string& attachment : event->attachments) bytes += attachment.size();
  } else if (const auto* value = std::get_if<StoredValue>(&change)) {
    bytes += value->packet.size();
  }
  return bytes;
}

bool is_event(const Change& change) {
  return std::holds_alternative<StoredEvent>(change);
}

std::uint64_t last_event(const std::vector<Change>& changes) {
  for (auto at = changes.rbegin(); at != changes.rend(); ++at) {
    if (const auto* event = std::get_if<StoredEvent>(&*at)) return event->number;
  }
  return 0;
}

}  // namespace

/// What is shared with the control thread under `mutex_`, and what the thread alone uses.
class LogWriter::Thread {
 public:
  Thread(std::unique_ptr<SqliteLog> log, LogWriterOptions options, Report report)
      : log_(std::move(log)), options_(options), report_(std::move(report)) {
    thread_ = std::thread([this] { run(); });
  }
  ~Thread() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    wake_.notify_one();
    thread_.join();
  }

  bool add(Change change) {
    const std::size_t bytes = size_of(change);
    const std::lock_guard lock(mutex_);
    if (stats_.waiting_bytes + bytes > options_.waiting_bytes_max) return false;
    stats_.waiting_bytes += bytes;
    if (queue_.empty()) queued_since_ = steady_now();
    queue_.push_back(std::move(change));
    if (queue_.size() == 1) wake_.notify_one();  // which may be waiting for something later
    return true;
  }
  void commit() {
    {
      const std::lock_guard lock(mutex_);
      if (std::exchange(urgent_, true)) return;
    }
    wake_.notify_one();
  }
  void ask(std::move_only_function<void(SqliteLog&)> question) {
    {
      const std::lock_guard lock(mutex_);
      questions_.push_back(std::move(question));
    }
    wake_.notify_one();
  }
  LogWriterStats stats() const {
    const std::lock_guard lock(mutex_);
    return stats_;
  }

 private:
  using Questions = std::vector<std::move_only_function<void(SqliteLog&)>>;

  void run() {
    std::vector<Change> changes;
    Questions questions;
    while (take(changes, questions)) {
      if (!changes.empty() || failing_) write(changes);
      changes.clear();
      for (auto& question : questions) question(*log_);
      questions.clear();
      trim();
    }
    write(changes);
    for (auto& question : questions) question(*log_);
    if (!failing_ && kept_.empty())
      (void)log_->end_life(wall_now());  // unsaid, it counts as a crash
  }

  /// Waits until there is something to do, and takes it. False at the end, with what was left.
  bool take(std::vector<Change>& changes, Questions& questions) {
    std::unique_lock lock(mutex_);
    while (!stopping_ && !is_due(steady_now())) {
      wake_.wait_until(lock, next_due());
    }
    urgent_ = false;
    stats_.waiting_bytes = kept_bytes_;
    changes.swap(queue_);
    questions.swap(questions_);
    return !stopping_;
  }

  [[nodiscard]] bool is_due(TimePoint now) const {
    if (urgent_ || !questions_.empty()) return true;
    return next_due() <= now;
  }
  [[nodiscard]] TimePoint next_due() const {
    TimePoint next = failing_ ? retry_at_ : trim_at_;
    if (!queue_.empty()) next = std::min(next, queued_since_ + options_.lazy);
    return next;
  }

  void write(std::vector<Change>& changes) {
    const TimePoint now = steady_now();
    const std::uint64_t number = last_event(changes);
    if (failing_) {
      give_up_events(changes, number);
      if (now < retry_at_) return keep(changes);
      keep(changes);
      changes.swap(kept_);
    }
    const std::error_code error = failing_ ? heal(changes) : log_->write(changes, wall_now());
    if (error) return failed(error, changes, number);
    succeeded(changes, number);
  }

  void succeeded(const std::vector<Change>& changes, std::uint64_t number) {
    {
      const std::lock_guard lock(mutex_);
      ++stats_.writes;
      stats_.changes += changes.size();
      stats_.events += static_cast<std::uint64_t>(std::ranges::count_if(changes, is_event));
      stats_.failing = false;
      stats_.waiting_bytes -= std::exchange(kept_bytes_, 0);
    }
    if (std::exchange(failing_, false)) {
      log::info("log: writing works again");
      report_({.kind = LogReport::Kind::healed, .life = life_});
    } else if (number != 0) {
      report_({.kind = LogReport::Kind::written, .number = number});
    }
  }

  void failed(std::error_code error, std::vector<Change>& changes, std::uint64_t number) {
    const std::string why = log_->why();
    retry_at_ = steady_now() + options_.retry;
    {
      const std::lock_guard lock(mutex_);
      ++stats_.failures;
      stats_.failing = true;
    }
    if (!std::exchange(failing_, true)) {
      log::error("log: can't be written: {} ({}); trying again every {} ms", error.message(), why,
                 options_.retry.count());
      if (const auto not_noted = log_->note_gap()) {
        log::error("log: nor can it be noted that events are missing: {}", not_noted.message());
      }
      report_({.kind = LogReport::Kind::failed, .number = number, .error = error, .why = why});
    }
    std::erase_if(changes, is_event);
    keep(changes);
  }

  /// Those that were added before the control thread knew.
  void give_up_events(std::vector<Change>& changes, std::uint64_t number) {
    if (number == 0) return;
    std::erase_if(changes, is_event);
    report_({.kind = LogReport::Kind::failed, .number = number});
  }

  void keep(std::vector<Change>& changes) {
    std::size_t bytes = 0;
    for (const Change& change : changes) bytes += size_of(change);
    const std::lock_guard lock(mutex_);
    if (kept_bytes_ + bytes > options_.waiting_bytes_max / 2) {  // the rest is for what comes
      stats_.lost += changes.size();
      return;
    }
    kept_bytes_ += bytes;
    stats_.waiting_bytes += bytes;
    std::ranges::move(changes, std::back_inserter(kept_));
    changes.clear();
  }

  std::error_code heal(std::vector<Change>& changes) {
    std::error_code error = log_->close_gap();
    const Life life = make_life();
    if (!error) error = log_->begin_life(life, options_.promise, wall_now());
    if (!error) error = log_->write(changes, wall_now());
    if (!error) life_ = life;
    return error;
  }

  void trim() {
    const TimePoint now = steady_now();
    if (failing_ || now < trim_at_) return;
    const auto more = log_->trim(wall_now());
    if (!more) log::warning("log: retention can't be applied: {}", log_->why());
    trim_at_ = more && *more ? now : now + options_.trim;
  }

  const std::unique_ptr<SqliteLog> log_;
  const LogWriterOptions options_;
  const Report report_;

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<Change> queue_;
  TimePoint queued_since_{};
  Questions questions_;
  bool urgent_ = false;
  bool stopping_ = false;
  LogWriterStats stats_;
  std::size_t kept_bytes_ = 0;  // of kept_, in stats_.waiting_bytes

  // The thread's own.
  bool failing_ = false;
  Life life_ = 0;
  std::vector<Change> kept_;
  TimePoint retry_at_{};
  TimePoint trim_at_ = steady_now();
  std::thread thread_;  // last: it uses what is above
};

LogWriter::LogWriter(std::unique_ptr<SqliteLog> log, LogWriterOptions options, Report report)
    : thread_(std::make_unique<Thread>(std::move(log), options, std::move(report))) {}

LogWriter::~LogWriter() = default;

bool LogWriter::add(Change change) {
  return thread_->add(std::move(change));
}

void LogWriter::commit() {
  thread_->commit();
}

void LogWriter::tell_when_written(std::move_only_function<void()> done) {
  thread_->ask([done = std::move(done)](SqliteLog&) mutable { done(); });
}

void LogWriter::read(std::string namespace_name, std::string room, std::uint64_t number,
                     std::size_t most, ReadDone done) {
  thread_->ask([namespace_name = std::move(namespace_name), room = std::move(room), number, most,
                done = std::move(done)](SqliteLog& log) mutable {
    done(log.read(namespace_name, room, number, most));
  });
}

void LogWriter::receipts(std::uint64_t number, std::string after, std::size_t most,
                         ReceiptsDone done) {
  thread_->ask(
      [number, after = std::move(after), most, done = std::move(done)](SqliteLog& log) mutable {
        auto event = log.event(number);
        if (!event) return done(fail(event.error()));
        auto receipts = log.receipts(number, after, most);
        if (!receipts) return done(fail(receipts.error()));
        done(Receipts{.event = *std::move(event), .receipts = *std::move(receipts)});
      });
}

LogWriterStats LogWriter::stats() const {
  return thread_->stats();
}

}  // namespace outcry::eventlog
