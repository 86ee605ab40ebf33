#include "audit/audit_writer.h"

#include <atomic>
#include <cerrno>
#include <semaphore>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "audit/trail_for_test.h"

namespace outcry::audit {
namespace {

using test::kMorning;
using testing::Contains;
using testing::HasSubstr;

class AuditWriterTest : public test::TrailTest {
 protected:
  AuditWriterTest() {
    disk_.write = [this](int fd, std::string_view bytes) -> long {
      if (full_) {
        refused_.release();
        errno = ENOSPC;
        return -1;
      }
      return ::write(fd, bytes.data(), bytes.size());
    };
  }
  void start(AuditWriterOptions options = {}) {
    open();
    options.lazy = milliseconds(1);
    options.retry = milliseconds(5);
    writer_ = std::make_unique<AuditWriter>(std::move(trail_), options);
  }
  [[nodiscard]] std::vector<std::string> lines() const {
    std::vector<std::string> out;
    for (const auto& file : files()) {
      for (std::string& line : test::lines_of(test::text_of(file))) out.push_back(std::move(line));
    }
    return out;
  }

  std::atomic<bool> full_{false};
  std::counting_semaphore<> refused_{0};
  std::unique_ptr<AuditWriter> writer_;
};

TEST_F(AuditWriterTest, what_is_added_is_in_the_trail_at_the_end_and_in_order) {
  start();
  for (int i = 0; i < 500; ++i) writer_->add(test::join_of(i));
  EXPECT_EQ(writer_->stats().records, 500U);
  writer_.reset();
  const auto all = lines();
  ASSERT_EQ(all.size(), 503U);
  EXPECT_THAT(all[2], HasSubstr(R"("user":"u0")"));
  EXPECT_THAT(all[501], HasSubstr(R"("user":"u499")"));
  const Report report = verify();
  EXPECT_TRUE(report.intact()) << told(report);
  EXPECT_TRUE(report.stopped);
}

TEST_F(AuditWriterTest, a_full_disk_is_told_and_what_could_not_be_kept_is_a_record_afterwards) {
  full_ = true;
  AuditWriterOptions options;
  options.waiting_bytes_max = 3 * size_of(test::join_of(0));
  start(options);
  writer_->add(test::join_of(0));
  refused_.acquire();  // the writer has met the full disk, with at most that record
  for (int i = 1; i < 10; ++i) writer_->add(test::join_of(i));
  writer_->add_lost(5, kMorning, kMorning + milliseconds(2));
  refused_.acquire();
  refused_.acquire();  // at least one failure has been counted whole
  const AuditWriterStats failing = writer_->stats();
  EXPECT_TRUE(failing.failing);
  EXPECT_THAT(failing.why, HasSubstr("No space left"));
  EXPECT_GE(failing.failures, 1U);
  EXPECT_EQ(failing.records, 3U);
  EXPECT_EQ(failing.lost, 12U);

  full_ = false;
  while (writer_->stats().waiting_bytes > 0) {
  }
  EXPECT_FALSE(writer_->stats().failing);
  writer_->add(test::join_of(11));
  writer_.reset();
  const auto all = lines();
  ASSERT_EQ(all.size(), 8U);  // file, start, three joins, the gap, one join, stop
  EXPECT_THAT(all[5], HasSubstr(R"("kind":"gap","detail":{"lost":12,)"
                                R"("from":"2026-01-31T09:00:00.000Z",)"
                                R"("to":"2026-01-31T09:00:00.002Z"})"));
  EXPECT_THAT(all[6], HasSubstr(R"("user":"u11")"));
  const Report report = verify();
  EXPECT_TRUE(report.intact()) << told(report);
  EXPECT_THAT(report.notes, Contains(HasSubstr("12 records were lost")));
}

TEST_F(AuditWriterTest, it_ends_also_when_the_disk_stays_full) {
  full_ = true;
  start();
  writer_->add(test::join_of(0));
  writer_.reset();
  EXPECT_TRUE(lines().empty());
}

}  // namespace
}  // namespace outcry::audit
