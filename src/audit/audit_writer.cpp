#include "audit/audit_writer.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <numeric>
#include <span>
#include <thread>
#include <utility>
#include <vector>

#include "base/log.h"

namespace outcry::audit {
namespace {

// Where each stands in a record of lost ones.
constexpr std::size_t kLostCount = 0;
constexpr std::size_t kLostTo = 2;
// How often time alone is a reason to look at the trail.
constexpr std::chrono::seconds kKeepUp{1};

Record lost_record(std::uint64_t count, WallTime from, WallTime to) {
  Record out{.kind = Kind::gap, .time = to};
  out.details = {{"lost", count}, {"from", time_text(from)}, {"to", time_text(to)}};
  return out;
}

bool is_lost_record(const Record& record) {
  return record.kind == Kind::gap && record.details.size() == kLostTo + 1;
}

}  // namespace

/// What is shared with those who add under `mutex_`, and what the thread alone uses.
class AuditWriter::Thread {
 public:
  Thread(std::unique_ptr<Trail> trail, AuditWriterOptions options)
      : trail_(std::move(trail)), options_(options) {
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
  Thread(const Thread&) = delete;
  Thread& operator=(const Thread&) = delete;

  void add(Record record) {
    const std::size_t bytes = size_of(record);
    const std::lock_guard lock(mutex_);
    if (stats_.waiting_bytes + bytes > options_.waiting_bytes_max) {
      return lose(1, record.time, record.time);
    }
    ++stats_.records;
    push(std::move(record), bytes);
  }
  void add_lost(std::uint64_t count, WallTime from, WallTime to) {
    const std::lock_guard lock(mutex_);
    lose(count, from, to);
  }
  AuditWriterStats stats() const {
    const std::lock_guard lock(mutex_);
    return stats_;
  }

 private:
  void push(Record record, std::size_t bytes) {
    stats_.waiting_bytes += bytes;
    if (queue_.empty()) queued_since_ = steady_now();
    queue_.push_back(std::move(record));
    if (queue_.size() == 1) wake_.notify_one();
  }

  /// One record tells of all that are lost in a row: over the limit there is room for that.
  void lose(std::uint64_t count, WallTime from, WallTime to) {
    stats_.lost += count;
    if (queue_.empty() || !is_lost_record(queue_.back())) {
      Record record = lost_record(count, from, to);
      const std::size_t bytes = size_of(record);
      return push(std::move(record), bytes);
    }
    std::vector<Detail>& details = queue_.back().details;
    std::get<std::uint64_t>(details[kLostCount].value) += count;
    details[kLostTo].value = time_text(to);
    queue_.back().time = std::max(queue_.back().time, to);
  }

  void run() {
    while (take()) work();
    work();
    const std::error_code error =
        failing_ ? std::error_code() : trail_->stop(wall_now());  // it would fail again
    if (failing_ || error) {
      log::error("audit: the trail ends without its last records");
    } else {
      log::info("audit: ends at record {}, hash {}", trail_->last().sequence, trail_->last().hash);
    }
  }

  /// Waits until there is something to do, and takes what was added. False at the end.
  bool take() {
    std::unique_lock lock(mutex_);
    while (!stopping_ && steady_now() < next_due()) wake_.wait_until(lock, next_due());
    if (kept_.empty()) {
      kept_.swap(queue_);  // its memory serves again
    }
    return !stopping_;
  }

  [[nodiscard]] TimePoint next_due() const {
    if (failing_) return retry_at_;
    TimePoint next = keep_up_at_;
    if (!queue_.empty()) next = std::min(next, queued_since_ + options_.lazy);
    if (unsynced_) next = std::min(next, sync_at_);
    return next;
  }

  /// Writes what was taken, and what has come while that failed or at the end.
  void work() {
    if (const auto error = write_kept()) return failed(error);
    if (stopping()) {
      {
        const std::lock_guard lock(mutex_);
        kept_.swap(queue_);
      }
      if (const auto error = write_kept()) return failed(error);
    }
    const TimePoint now = steady_now();
    if (now >= keep_up_at_ || failing_) {
      keep_up_at_ = now + kKeepUp;
      if (const auto error = trail_->keep_up(wall_now())) return failed(error);
    }
    if (unsynced_ && now >= sync_at_) {
      unsynced_ = false;
      if (const auto error = trail_->sync()) return failed(error);
    }
    succeeded();
  }

  std::error_code write_kept() {
    if (kept_.empty()) return {};
    const Trail::Written written = trail_->write(kept_, wall_now());
    const auto end = kept_.begin() + static_cast<std::ptrdiff_t>(written.records);
    const std::size_t bytes =
        std::accumulate(kept_.begin(), end, std::size_t{0},
                        [](std::size_t sum, const Record& one) { return sum + size_of(one); });
    kept_.erase(kept_.begin(), end);
    if (!unsynced_ && written.records > 0) {
      unsynced_ = true;
      sync_at_ = steady_now() + options_.sync;
    }
    const std::lock_guard lock(mutex_);
    stats_.waiting_bytes -= bytes;
    return written.error;
  }

  void failed(std::error_code error) {
    retry_at_ = steady_now() + options_.retry;
    if (!std::exchange(failing_, true)) {
      log::error("audit: can't be written: {}; trying again every {} ms", error.message(),
                 options_.retry.count());
    }
    const std::lock_guard lock(mutex_);
    ++stats_.failures;
    stats_.failing = true;
    stats_.why = error.message();
    note_trail();
  }

  void succeeded() {
    if (std::exchange(failing_, false)) log::info("audit: writing works again");
    const std::lock_guard lock(mutex_);
    stats_.failing = false;
    stats_.why.clear();
    note_trail();
  }

  void note_trail() {
    stats_.sequence = trail_->last().sequence;
    stats_.trail_bytes = trail_->bytes();
    stats_.files = trail_->files();
  }

  bool stopping() const {
    const std::lock_guard lock(mutex_);
    return stopping_;
  }

  const std::unique_ptr<Trail> trail_;
  const AuditWriterOptions options_;

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<Record> queue_;
  TimePoint queued_since_{};
  bool stopping_ = false;
  AuditWriterStats stats_;

  // The thread's own.
  std::vector<Record> kept_;  // taken, and not written yet
  bool failing_ = false;
  bool unsynced_ = false;
  TimePoint retry_at_{};
  TimePoint sync_at_{};
  TimePoint keep_up_at_ = steady_now();
  std::thread thread_;  // last: it uses what is above
};

AuditWriter::AuditWriter(std::unique_ptr<Trail> trail, AuditWriterOptions options)
    : thread_(std::make_unique<Thread>(std::move(trail), options)) {}

AuditWriter::~AuditWriter() = default;

void AuditWriter::add(Record record) {
  thread_->add(std::move(record));
}

void AuditWriter::add_lost(std::uint64_t count, WallTime from, WallTime to) {
  thread_->add_lost(count, from, to);
}

AuditWriterStats AuditWriter::stats() const {
  return thread_->stats();
}

}  // namespace outcry::audit
