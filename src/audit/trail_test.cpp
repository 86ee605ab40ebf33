#include "audit/trail.h"

#include <cerrno>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "audit/audit_error.h"
#include "audit/trail_for_test.h"

namespace outcry::audit {
namespace {

using std::chrono::hours;
using test::kMorning;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;

using TrailTest = test::TrailTest;

std::vector<std::string> kinds_in(const std::string& text) {
  std::vector<std::string> out;
  for (const std::string& line : test::lines_of(text)) {
    const auto parsed = parse_line(line);
    out.emplace_back(parsed ? parsed->kind_name : "?");
  }
  return out;
}

TEST_F(TrailTest, a_run_begins_and_ends_with_records_of_its_own) {
  open();
  write(2);
  stop();
  EXPECT_EQ(kinds_in(test::text_of(only_file())),
            (std::vector<std::string>{"file", "start", "join", "join", "stop"}));
  const Report report = verify();
  EXPECT_TRUE(report.intact()) << told(report);
  EXPECT_TRUE(report.stopped);
  EXPECT_EQ(report.records, 5U);
  EXPECT_EQ(report.signatures, 3U);
  EXPECT_THAT(report.notes, IsEmpty());
}

TEST_F(TrailTest, the_next_run_goes_on_with_the_chain) {
  open();
  write(2);
  stop();
  open();
  write(1);
  stop();
  const Report report = verify();
  EXPECT_TRUE(report.intact()) << told(report);
  EXPECT_EQ(report.last.sequence, 8U);
  EXPECT_THAT(test::text_of(only_file()), HasSubstr(R"("previous":"stopped")"));
}

TEST_F(TrailTest, two_processes_cannot_write_it) {
  open();
  std::string why;
  const auto second = Trail::open(options_, kMorning, why);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error(), AuditError::in_use);
  EXPECT_THAT(why, HasSubstr(options_.directory.string()));
}

TEST_F(TrailTest, a_checkpoint_comes_after_so_many_records_and_after_so_much_time) {
  options_.checkpoint_records = 3;
  open();
  write(7);
  EXPECT_EQ(kinds_in(test::text_of(only_file())),
            (std::vector<std::string>{"file", "start", "join", "join", "join", "checkpoint", "join",
                                      "join", "join", "checkpoint", "join"}));
  ASSERT_FALSE(trail_->keep_up(kMorning + seconds(59)));
  EXPECT_EQ(kinds_in(test::text_of(only_file())).back(), "join");
  ASSERT_FALSE(trail_->keep_up(kMorning + seconds(60)));
  EXPECT_EQ(kinds_in(test::text_of(only_file())).back(), "checkpoint");
  ASSERT_FALSE(trail_->keep_up(kMorning + seconds(120)));
  EXPECT_EQ(trail_->last().sequence, 12U) << "nothing new to sign";
  EXPECT_TRUE(verify().intact());
}

TEST_F(TrailTest, a_full_or_old_file_is_followed_by_the_next_and_the_chain_goes_on) {
  options_.file_bytes_max = 2'000;
  open();
  for (int i = 0; i < 12; ++i) write(1);
  const std::size_t by_size = files().size();
  EXPECT_GE(by_size, 2U);
  write(1, kMorning + hours(25));
  EXPECT_EQ(files().size(), by_size + 1);
  EXPECT_EQ(trail_->files(), files().size());
  const Report report = verify();
  EXPECT_TRUE(report.intact()) << told(report);
  EXPECT_EQ(report.files, files().size());
}

TEST_F(TrailTest, old_files_go_and_a_signed_record_says_so) {
  options_.file_bytes_max = 1;  // a file for each write
  options_.age_max = hours(48);
  options_.checkpoint_age = hours(1'000);
  open();
  write(1);
  write(1, kMorning + hours(1));
  write(1, kMorning + hours(2));
  ASSERT_EQ(files().size(), 3U);
  ASSERT_FALSE(trail_->keep_up(kMorning + hours(49)));
  EXPECT_EQ(files().size(), 3U) << "the second begins just within the age";
  ASSERT_FALSE(trail_->keep_up(kMorning + hours(49) + seconds(60)));
  const Report report = verify();
  EXPECT_TRUE(report.intact()) << told(report);
  EXPECT_EQ(report.first, 4U);
  EXPECT_THAT(report.notes, Contains(HasSubstr("records 1 to 3 were removed by retention")));
}

TEST_F(TrailTest, too_many_bytes_are_a_reason_too_but_never_the_newest_file) {
  options_.file_bytes_max = 1;
  options_.bytes_max = 1;
  open();
  for (int i = 0; i < 4; ++i) write(1);
  ASSERT_FALSE(trail_->keep_up(kMorning + hours(1)));
  EXPECT_EQ(files().size(), 2U) << "the newest, and the one that says what was removed";
  EXPECT_TRUE(verify().intact());
}

TEST_F(TrailTest, a_file_that_somebody_else_removed_is_missed) {
  options_.file_bytes_max = 1;
  open();
  for (int i = 0; i < 3; ++i) write(1);
  std::filesystem::remove(files().front());
  EXPECT_THAT(told(verify()), HasSubstr("records 1 to 3 are not here, and no retention"));
}

TEST_F(TrailTest, after_a_crash_the_torn_line_is_put_aside_and_the_chain_goes_on) {
  open();
  write(3);
  crash();
  const std::string whole = test::text_of(only_file());
  test::set_text(only_file(), whole.substr(0, whole.size() - 9));
  open();
  write(1);
  stop();
  const Report report = verify();
  EXPECT_TRUE(report.intact()) << told(report);
  EXPECT_THAT(report.notes, Contains(HasSubstr("a crash")));
  EXPECT_THAT(report.notes, Contains(HasSubstr("were put aside as audit-")));
  std::filesystem::path aside = only_file();
  aside += ".aside-5";
  EXPECT_TRUE(whole.substr(0, whole.size() - 9).ends_with(test::text_of(aside)));
}

TEST_F(TrailTest, a_crash_at_any_byte_of_the_last_write_leaves_a_trail_that_goes_on) {
  open();
  write(2);
  const std::string before = test::text_of(only_file());
  write(2);
  crash();
  const std::string whole = test::text_of(only_file());
  const auto file = only_file();
  for (std::size_t size = before.size(); size <= whole.size(); size += 13) {
    for (const auto& entry : std::filesystem::directory_iterator(options_.directory)) {
      if (entry.path().string().find(".aside-") != std::string::npos) {
        std::filesystem::remove(entry.path());
      }
    }
    test::set_text(file, whole.substr(0, size));
    open();
    write(1);
    stop();
    const Report report = verify();
    ASSERT_TRUE(report.intact()) << size << '\n' << told(report);
  }
}

TEST_F(TrailTest, a_crash_before_the_first_record_of_a_file_leaves_the_one_before) {
  options_.file_bytes_max = 1;
  open();
  write(1);
  write(1);
  crash();
  const auto last = files().back();
  const std::string text = test::text_of(last);
  test::set_text(last, text.substr(0, 40));
  open();
  write(1);
  stop();
  const Report report = verify();
  EXPECT_TRUE(report.intact()) << told(report);
  EXPECT_THAT(report.notes, Contains(HasSubstr("40 bytes")));
}

TEST_F(TrailTest, what_was_changed_before_a_signed_record_is_left_for_verify_to_see) {
  open();
  write(3);
  ASSERT_FALSE(trail_->keep_up(kMorning + seconds(60)));
  crash();
  std::string text = test::text_of(only_file());
  text.replace(text.find("\"u1\""), 4, "\"u9\"");
  test::set_text(only_file(), text);
  open();
  write(1);
  stop();
  EXPECT_THAT(told(verify()), HasSubstr(":4: 4: changed"));
}

TEST_F(TrailTest, a_trail_that_was_taken_away_whole_is_told_by_its_key) {
  open();
  write(1);
  stop();
  std::filesystem::remove(only_file());
  open();
  stop();
  EXPECT_THAT(verify().notes, Contains(HasSubstr("begins anew, though its key is older")));
}

// ---- A disk that fails ----

class FailingDiskTest : public test::TrailTest {
 protected:
  FailingDiskTest() {
    disk_.write = [this](int fd, std::string_view bytes) -> long {
      if (room_ == 0) {
        errno = ENOSPC;
        return -1;
      }
      const long count = ::write(fd, bytes.data(), std::min(room_, bytes.size()));
      room_ -= static_cast<std::size_t>(count);
      return count;
    };
    disk_.sync = [this](int fd) {
      if (!syncs_) errno = EIO;
      return syncs_ ? ::fdatasync(fd) : -1;
    };
  }
  std::size_t room_ = 1'000'000;
  bool syncs_ = true;
};

TEST_F(FailingDiskTest, a_write_that_fails_at_any_byte_can_be_done_again) {
  open();
  write(1);
  const std::string before = test::text_of(only_file());
  const std::vector<Record> records{test::join_of(7), test::join_of(8)};
  for (std::size_t room = 0; room < 500; room += 7) {
    room_ = room;
    const Trail::Written written = trail_->write(records, kMorning);
    ASSERT_EQ(written.error, std::errc::no_space_on_device);
    ASSERT_EQ(written.records, 0U);
    ASSERT_EQ(test::text_of(only_file()), before);
  }
  room_ = 1'000'000;
  EXPECT_EQ(trail_->write(records, kMorning).records, 2U);
  EXPECT_TRUE(verify().intact());
}

TEST_F(FailingDiskTest, the_first_record_of_a_file_can_fail_as_well) {
  options_.file_bytes_max = 1;
  open();
  write(1);
  room_ = 10;
  const std::vector<Record> records{test::join_of(7)};
  EXPECT_EQ(trail_->write(records, kMorning).records, 0U);
  EXPECT_EQ(trail_->write(records, kMorning).records, 0U);
  room_ = 1'000'000;
  EXPECT_EQ(trail_->write(records, kMorning).records, 1U);
  const Report report = verify();
  EXPECT_TRUE(report.intact()) << told(report);
}

TEST_F(FailingDiskTest, records_that_the_disk_did_not_confirm_are_told) {
  open();
  write(1);
  ASSERT_FALSE(trail_->sync());
  write(2);
  syncs_ = false;
  EXPECT_EQ(trail_->sync(), std::errc::io_error);
  syncs_ = true;
  write(1);
  const Report report = verify();
  EXPECT_TRUE(report.intact()) << told(report);
  EXPECT_THAT(report.notes, Contains(HasSubstr("did not confirm records 4 to 5")));
}

}  // namespace
}  // namespace outcry::audit
