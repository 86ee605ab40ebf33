// What the log takes: transactions of SQLite as such, and through the writer's thread, where
// whatever comes during a write shares the next sync. On the disk of the temporary directory.
#include <algorithm>
#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <benchmark/benchmark.h>
#include <fmt/format.h>
#include <unistd.h>

#include "eventlog/log_writer.h"
#include "eventlog/sqlite_log.h"

namespace outcry::eventlog {
namespace {

class TemporaryLog {
 public:
  TemporaryLog() {
    folder_ = std::filesystem::temp_directory_path() / fmt::format("outcry-log-{}", getpid());
    std::filesystem::create_directory(folder_);
  }
  ~TemporaryLog() { std::filesystem::remove_all(folder_); }
  TemporaryLog(const TemporaryLog&) = delete;
  TemporaryLog& operator=(const TemporaryLog&) = delete;

  [[nodiscard]] std::unique_ptr<SqliteLog> open() const {
    std::string notice;
    auto log = SqliteLog::open({.path = (folder_ / "log.db").string()}, notice);
    return log ? std::move(*log) : nullptr;
  }

 private:
  std::filesystem::path folder_;
};

StoredEvent event(std::uint64_t number) {
  return {
      .number = number,
      .at = wall_now(),
      .namespace_name = "/",
      .rooms = {"challenge_1000000"},
      .event = "risk_alert",
      .arguments = fmt::format(R"({{"challenge_id":"1000000","severity":"high","n":{}}})", number),
      .id = fmt::format("id-{}", number)};
}

/// Transactions of so many events, each synced.
void transactions(benchmark::State& state) {
  const TemporaryLog folder;
  const auto log = folder.open();
  std::uint64_t number = 0;
  for (auto unused : state) {
    std::vector<Change> batch;
    for (std::int64_t i = 0; i < state.range(0); ++i) batch.emplace_back(event(++number));
    if (log->write(batch, wall_now())) return state.SkipWithError("the log can't be written");
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(number));
}
BENCHMARK(transactions)->Arg(1)->Arg(16)->Arg(128)->Arg(1024)->UseRealTime()->MinTime(1.0);

/// As many events wait for the disk at any time; the next one comes when one is written.
void through_the_writer(benchmark::State& state) {
  using Clock = std::chrono::steady_clock;
  const TemporaryLog folder;
  std::mutex mutex;
  std::condition_variable changed;
  std::uint64_t written = 0;
  LogWriter writer(folder.open(), {}, [&](const LogReport& report) {
    const std::scoped_lock lock(mutex);
    written = report.number;
    changed.notify_one();
  });
  const auto most = static_cast<std::uint64_t>(state.range(0));
  std::vector<Clock::time_point> added{{}};  // by number
  std::vector<double> waited;
  std::uint64_t seen = 0;
  for (auto unused : state) {
    while (added.size() - 1 - seen < most) {
      added.push_back(Clock::now());
      if (!writer.add(event(added.size() - 1))) return state.SkipWithError("the queue is full");
    }
    writer.commit();
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return written > seen; });
    const Clock::time_point now = Clock::now();
    for (; seen < written; ++seen) {
      waited.push_back(std::chrono::duration<double, std::milli>(now - added[seen + 1]).count());
    }
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(seen));
  std::ranges::sort(waited);
  const auto at = [&waited](double share) {
    const auto index = static_cast<std::size_t>(share * static_cast<double>(waited.size()));
    return waited.empty() ? 0.0 : waited[std::min(index, waited.size() - 1)];
  };
  state.counters["p50_ms"] = at(0.5);
  state.counters["p99_ms"] = at(0.99);
}
BENCHMARK(through_the_writer)->Arg(1)->Arg(16)->Arg(128)->Arg(1024)->UseRealTime()->MinTime(1.0);

/// Nobody waits: events are written by and by. The time is that of adding one.
void without_waiting(benchmark::State& state) {
  const TemporaryLog folder;
  LogWriter writer(folder.open(), {}, [](const LogReport&) {});
  std::uint64_t number = 0;
  std::uint64_t full = 0;
  for (auto unused : state) {
    while (!writer.add(event(number + 1))) {
      ++full;
      std::this_thread::yield();
    }
    ++number;
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(number));
  state.counters["waits"] = static_cast<double>(full);
}
BENCHMARK(without_waiting)->UseRealTime()->MinTime(2.0);

}  // namespace
}  // namespace outcry::eventlog
