#include "store/sqlite_store.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <iterator>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include <boost/asio/execution/outstanding_work.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>

#include "base/log.h"
#include "store/sqlite_connection.h"

namespace outcry::store {
namespace {

constexpr std::size_t kTakenMax = 64;
// No answer waits longer for those asked after it.
constexpr std::chrono::milliseconds kRound{1};

}  // namespace

/// The queue, shared with the control thread under `mutex_`, and what the thread alone uses.
class SqliteStore::Thread {
 public:
  Thread(boost::asio::any_io_executor executor, SqliteStoreOptions options)
      : executor_(std::move(executor)), options_(std::move(options)), pause_(options_.reopen_min) {
    thread_ = std::thread([this] { run(); });
  }

  ~Thread() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    wake_.notify_one();
    thread_.join();
    for (Waiting& waiting : queue_) answer(std::move(waiting), fail(StoreError::stopped));
  }

  void ask(OwnerQuestion question, OwnerAnswer done) {
    // Tracked: the executor's loop doesn't end while an answer is still to come.
    Waiting waiting{
        std::move(question), std::move(done), steady_now() + options_.question_timeout,
        boost::asio::prefer(executor_, boost::asio::execution::outstanding_work.tracked)};
    {
      const std::lock_guard lock(mutex_);
      if (const bool was_empty = queue_.empty(); queue_.size() < options_.queue_max) {
        queue_.push_back(std::move(waiting));
        ++stats_.questions;
        if (was_empty) wake_.notify_one();  // else it is busy, or woken already
        return;
      }
      ++stats_.queue_full;
    }
    answer(std::move(waiting), fail(StoreError::queue_full));
  }

  [[nodiscard]] StoreStats stats() const {
    const std::lock_guard lock(mutex_);
    StoreStats stats = stats_;
    stats.queued = queue_.size();
    stats.connections = is_open_ ? 1 : 0;
    return stats;
  }

 private:
  struct Waiting {
    OwnerQuestion question;
    OwnerAnswer done;
    TimePoint deadline;  // from ask() on, so it includes the time in the queue
    boost::asio::any_io_executor executor;
  };

  struct Answered {
    OwnerAnswer done;
    Result<bool> owned;
    boost::asio::any_io_executor executor;
  };

  void run() {
    std::vector<Waiting> taken;
    while (take(taken)) {
      for (auto next = taken.begin(); next != taken.end();) next = ask_round(next, taken.end());
      taken.clear();
    }
  }

  /// Waits for questions and takes some of them; false at the end.
  bool take(std::vector<Waiting>& taken) {
    std::unique_lock lock(mutex_);
    wake_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
    if (stopping_) return false;
    const auto count = static_cast<std::ptrdiff_t>(std::min(queue_.size(), kTakenMax));
    const auto end = queue_.begin() + count;
    taken.assign(std::move_iterator(queue_.begin()), std::move_iterator(end));
    queue_.erase(queue_.begin(), end);
    return true;
  }

  using Next = std::vector<Waiting>::iterator;

  /// Asks from `next` on for kRound at most, and answers; returns the first one not asked.
  Next ask_round(Next next, Next end) {
    std::vector<Answered> answers;
    const TimePoint over = steady_now() + kRound;
    if (connection_ != nullptr && !connection_->is_current()) connection_.reset();
    if (connection_ != nullptr && end - next > 1) connection_->begin_reading();
    do {
      const Result<bool> owned =
          stopping_ ? fail(StoreError::stopped) : ask_database(next->question, next->deadline);
      answers.push_back({std::move(next->done), owned, std::move(next->executor)});
    } while (++next != end && steady_now() < over);
    if (connection_ != nullptr) connection_->end_reading();
    {
      const std::lock_guard lock(mutex_);
      for (const Answered& answered : answers) count(answered.owned);
    }
    boost::asio::post(executor_, [answers = std::move(answers)]() mutable {
      for (Answered& answered : answers) answered.done(answered.owned);
    });
    return next;
  }

  Result<bool> ask_database(const OwnerQuestion& question, TimePoint deadline) {
    if (connection_ == nullptr) {
      if (const std::error_code error = open()) return fail(error);
    }
    Result<bool> owned = connection_->owns(question, deadline, stopping_);
    if (!owned && owned.error() == StoreError::unavailable) {
      connection_.reset();
      delay_opening("reading failed");
    }
    return owned;
  }

  std::error_code open() {
    if (steady_now() < open_after_) return StoreError::unavailable;
    auto opened = SqliteConnection::open(options_.path, options_.owner_query);
    if (!opened) {
      delay_opening(opened.error().why);
      return opened.error().code;
    }
    pause_ = options_.reopen_min;
    connection_ = std::move(*opened);
    const std::lock_guard lock(mutex_);
    ++stats_.opened;
    is_open_ = true;
    return {};
  }

  void delay_opening(const std::string& why) {
    log::warning("store: sqlite is unavailable ({}); next attempt in {} ms", why, pause_.count());
    open_after_ = steady_now() + pause_;
    pause_ = std::min(pause_ * 2, options_.reopen_max);
    const std::lock_guard lock(mutex_);
    ++stats_.open_failures;
    is_open_ = false;
  }

  void count(const Result<bool>& owned) {
    if (owned) {
      ++(*owned ? stats_.owned : stats_.denied);
    } else {
      ++(owned.error() == StoreError::timed_out ? stats_.timed_out : stats_.errors);
    }
  }

  static void answer(Waiting waiting, Result<bool> owned) {
    auto executor = std::move(waiting.executor);
    boost::asio::post(executor, [done = std::move(waiting.done), owned]() mutable { done(owned); });
  }

  const boost::asio::any_io_executor executor_;
  const SqliteStoreOptions options_;

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Waiting> queue_;
  StoreStats stats_;
  bool is_open_ = false;
  std::atomic<bool> stopping_ = false;  // also read in the middle of a query

  std::unique_ptr<SqliteConnection> connection_;
  TimePoint open_after_{};
  std::chrono::milliseconds pause_;
  std::thread thread_;
};

SqliteStore::SqliteStore(boost::asio::any_io_executor executor, SqliteStoreOptions options)
    : thread_(std::make_unique<Thread>(std::move(executor), std::move(options))) {}

SqliteStore::~SqliteStore() = default;

void SqliteStore::ask(OwnerQuestion question, OwnerAnswer done) {
  thread_->ask(std::move(question), std::move(done));
}

StoreStats SqliteStore::stats() const {
  return thread_->stats();
}

std::error_code SqliteStore::check(const SqliteStoreOptions& options, std::string& why) {
  auto opened = SqliteConnection::open(options.path, options.owner_query);
  if (opened) return {};
  why = opened.error().why;
  return opened.error().code;
}

}  // namespace outcry::store
