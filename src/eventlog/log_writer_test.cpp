#include "eventlog/log_writer.h"

#include <condition_variable>
#include <filesystem>
#include <future>
#include <mutex>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "eventlog/log_error.h"
#include "eventlog/simulated_disk.h"

namespace outcry::eventlog {
namespace {

using Kind = LogReport::Kind;
using testing::ElementsAre;
using testing::IsEmpty;

const WallTime kNow = wall_now();  // retention goes by the age of events
constexpr std::chrono::seconds kPatience{20};

StoredEvent event(std::uint64_t number) {
  return {.number = number, .at = kNow, .namespace_name = "/", .rooms = {"r"}, .event = "e"};
}

/// A writer on a simulated disk, and its reports. The disk is touched by the writer's thread alone
/// while it runs; a fault is set while it waits.
class LogWriterTest : public testing::Test {
 protected:
  void start(LogWriterOptions options = {}) {
    std::string notice;
    auto log = SqliteLog::open({.path = "log.db", .vfs = disk_.name()}, notice);
    ASSERT_TRUE(log) << notice;
    ASSERT_FALSE((*log)->begin_life(make_life(), Promise::always, kNow));
    writer_ = std::make_unique<LogWriter>(std::move(*log), options, [this](LogReport report) {
      const std::lock_guard lock(mutex_);
      reports_.push_back(std::move(report));
      reported_.notify_one();
    });
  }
  /// The next report.
  LogReport next() {
    std::unique_lock lock(mutex_);
    if (!reported_.wait_for(lock, kPatience, [this] { return !reports_.empty(); })) {
      throw std::runtime_error("the writer reported nothing");
    }
    LogReport report = std::move(reports_.front());
    reports_.erase(reports_.begin());
    return report;
  }
  LogContents stop_and_load() {
    writer_.reset();
    std::string notice;
    return *(*SqliteLog::open({.path = "log.db", .vfs = disk_.name()}, notice))->load();
  }

  SimulatedDisk disk_{1};
  std::mutex mutex_;
  std::condition_variable reported_;
  std::vector<LogReport> reports_;
  std::unique_ptr<LogWriter> writer_;
};

TEST_F(LogWriterTest, an_event_is_on_disk_when_it_is_reported) {
  start();
  ASSERT_TRUE(writer_->add(event(1)));
  ASSERT_TRUE(writer_->add(event(2)));
  writer_->commit();
  LogReport report = next();
  EXPECT_EQ(report.kind, Kind::written);
  while (report.number < 2) report = next();  // it may have taken the first one by itself
  EXPECT_EQ(report.number, 2U);
  EXPECT_EQ(writer_->stats().events, 2U);
  EXPECT_EQ(stop_and_load().events.size(), 2U);
}

TEST_F(LogWriterTest, what_nobody_waits_for_is_written_soon_all_the_same) {
  start({.lazy = std::chrono::milliseconds(1)});
  ASSERT_TRUE(writer_->add(event(1)));
  EXPECT_EQ(next().number, 1U);
}

TEST_F(LogWriterTest, who_asks_is_told_at_once_that_what_was_added_is_on_disk) {
  start({.lazy = std::chrono::hours(1)});
  ASSERT_TRUE(writer_->add(SessionJoined{"sid", "room"}));
  std::promise<std::uint64_t> told;
  writer_->tell_when_written([&] { told.set_value(disk_.syncs()); });
  auto syncs = told.get_future();
  ASSERT_EQ(syncs.wait_for(kPatience), std::future_status::ready);
  EXPECT_GT(syncs.get(), 0U);
  EXPECT_EQ(writer_->stats().changes, 1U);
}

TEST_F(LogWriterTest, who_asks_is_told_as_well_when_it_cannot_be_written) {
  start({.lazy = std::chrono::hours(1), .retry = std::chrono::hours(1)});
  disk_.set_fault(SimulatedDisk::Fault::full);
  ASSERT_TRUE(writer_->add(SessionJoined{"sid", "room"}));
  std::promise<bool> told;
  writer_->tell_when_written([&] { told.set_value(writer_->stats().failing); });
  auto failing = told.get_future();
  ASSERT_EQ(failing.wait_for(kPatience), std::future_status::ready);
  EXPECT_TRUE(failing.get());
}

TEST_F(LogWriterTest, what_is_left_at_the_end_is_written_and_the_life_ends_well) {
  start({.lazy = std::chrono::hours(1)});
  ASSERT_TRUE(writer_->add(event(1)));
  ASSERT_TRUE(writer_->add(SessionOpened{"sid", "alice", "/"}));
  const LogContents contents = stop_and_load();
  EXPECT_EQ(contents.events.size(), 1U);
  EXPECT_EQ(contents.sessions.size(), 1U);
  EXPECT_EQ(contents.lives.size(), 1U);
}

TEST_F(LogWriterTest, no_more_waits_than_the_limit_says) {
  start({.waiting_bytes_max = 3 * sizeof(Change), .lazy = std::chrono::hours(1)});
  ASSERT_TRUE(writer_->add(event(1)));
  writer_->commit();
  (void)next();  // from here on it waits for an hour; its first write may come at once
  ASSERT_TRUE(writer_->add(SessionEnded{"a"}));
  ASSERT_TRUE(writer_->add(SessionEnded{"b"}));
  ASSERT_TRUE(writer_->add(SessionEnded{"c"}));
  EXPECT_FALSE(writer_->add(SessionEnded{"d"}));
}

TEST_F(LogWriterTest, when_writing_fails_events_are_given_up_and_the_rest_is_kept) {
  start({.lazy = std::chrono::hours(1), .retry = std::chrono::milliseconds(1)});
  disk_.set_fault(SimulatedDisk::Fault::full);
  ASSERT_TRUE(writer_->add(event(1)));
  ASSERT_TRUE(writer_->add(SessionOpened{"sid", "alice", "/"}));
  writer_->commit();
  const LogReport failed = next();
  EXPECT_EQ(failed.kind, Kind::failed);
  EXPECT_EQ(failed.number, 1U);
  EXPECT_EQ(failed.error, LogError::disk_full);
  EXPECT_TRUE(writer_->stats().failing);

  disk_.set_fault(SimulatedDisk::Fault::none);
  const LogReport healed = next();
  EXPECT_EQ(healed.kind, Kind::healed);
  EXPECT_NE(healed.life, 0U);
  ASSERT_TRUE(writer_->add(event(2)));
  writer_->commit();
  EXPECT_EQ(next().number, 2U);

  const LogContents contents = stop_and_load();
  ASSERT_EQ(contents.events.size(), 1U);
  EXPECT_EQ(contents.events.front().number, 2U);
  EXPECT_EQ(contents.sessions.size(), 1U) << "written once it could be";
  EXPECT_THAT(contents.lives, ElementsAre(healed.life)) << "older positions are worth nothing";
}

TEST_F(LogWriterTest, events_that_come_before_the_failure_is_known_are_given_up_too) {
  start({.lazy = std::chrono::hours(1), .retry = std::chrono::hours(1)});
  disk_.set_fault(SimulatedDisk::Fault::broken);
  ASSERT_TRUE(writer_->add(event(1)));
  writer_->commit();
  EXPECT_EQ(next().number, 1U);
  ASSERT_TRUE(writer_->add(event(2)));
  writer_->commit();
  const LogReport report = next();
  EXPECT_EQ(report.kind, Kind::failed);
  EXPECT_EQ(report.number, 2U);
}

TEST_F(LogWriterTest, a_room_is_read_after_all_that_was_added) {
  start({.lazy = std::chrono::hours(1)});
  ASSERT_TRUE(writer_->add(event(1)));
  std::mutex mutex;
  std::condition_variable done;
  std::optional<Result<std::vector<StoredEvent>>> events;
  writer_->read("/", "r", 0, 10, [&](Result<std::vector<StoredEvent>> found) {
    const std::lock_guard lock(mutex);
    events = std::move(found);
    done.notify_one();
  });
  std::unique_lock lock(mutex);
  ASSERT_TRUE(done.wait_for(lock, kPatience, [&] { return events.has_value(); }));
  ASSERT_TRUE(*events);
  EXPECT_EQ((*events)->size(), 1U);
}

}  // namespace
}  // namespace outcry::eventlog
