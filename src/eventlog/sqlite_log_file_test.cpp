#include <filesystem>
#include <fstream>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "eventlog/database.h"
#include "eventlog/sqlite_log.h"
#include "eventlog/sqlite_log_state.h"
#include "eventlog/stored_for_test.h"
#include "eventlog/stored_sum.h"

namespace outcry::eventlog {
namespace {

using test::event;
using test::kNow;
using test::value;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class LogFileTest : public testing::Test {
 protected:
  LogFileTest() {
    std::string name = (std::filesystem::temp_directory_path() / "outcry-log-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
    options_.path = (folder_ / "log.db").string();
  }
  ~LogFileTest() override { std::filesystem::remove_all(folder_); }

  Result<std::unique_ptr<SqliteLog>> open() { return SqliteLog::open(options_, notice_); }

  std::filesystem::path folder_;
  SqliteLogOptions options_;
  std::string notice_;
};

TEST_F(LogFileTest, a_damaged_file_is_put_aside_and_a_new_log_begun) {
  {
    auto log = open();
    ASSERT_TRUE(log);
    std::vector<Change> changes;
    for (std::uint64_t n = 1; n <= 500; ++n) changes.emplace_back(event(n));
    ASSERT_FALSE((*log)->write(changes, kNow));
  }
  std::filesystem::resize_file(options_.path, std::filesystem::file_size(options_.path) - 4096);
  auto log = open();
  ASSERT_TRUE(log) << notice_;
  EXPECT_THAT(notice_, HasSubstr("was damaged"));
  EXPECT_THAT((*log)->load()->events, IsEmpty());
  std::size_t aside = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder_)) {
    aside += entry.path().string().contains("log.db.damaged-") ? 1 : 0;
  }
  EXPECT_GE(aside, 1U);
}

TEST_F(LogFileTest, an_octet_that_has_changed_is_never_shown) {
  const std::string original = options_.path;
  {
    auto log = open();
    ASSERT_TRUE(log) << notice_;
    std::vector<Change> changes;
    for (std::uint64_t n = 1; n <= 60; ++n) {
      changes.emplace_back(event(n));
      changes.emplace_back(value(n));
    }
    ASSERT_FALSE((*log)->write(changes, kNow));
  }
  const std::uintmax_t size = std::filesystem::file_size(original);
  options_.sync_each_write = false;  // it is the damage that counts
  std::size_t noticed = 0;
  for (std::uintmax_t at = 2'003; at < size; at += 2'003) {
    options_.path = fmt::format("{}-{}", original, at);
    std::filesystem::copy_file(original, options_.path);
    std::fstream file(options_.path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(static_cast<std::streamoff>(at));
    const auto octet = static_cast<char>(file.get() ^ 0x11);
    file.seekp(static_cast<std::streamoff>(at));
    file.put(octet);
    file.close();
    notice_.clear();
    auto log = open();
    ASSERT_TRUE(log) << "octet " << at << ": " << notice_;
    noticed += notice_.empty() ? 0 : 1;
    const LogContents contents = (*log)->load().value();
    EXPECT_EQ(contents.events.size(), notice_.empty() ? 60U : 0U) << "octet " << at;
    for (const StoredEvent& one : contents.events) {
      EXPECT_EQ(sum_of(one), sum_of(event(one.number))) << "octet " << at;
    }
    for (const StoredValue& one : contents.values) {
      EXPECT_EQ(sum_of(one), sum_of(value(one.key))) << "octet " << at;
    }
  }
  EXPECT_GT(noticed, 2U);
}

TEST_F(LogFileTest, something_else_under_its_name_is_put_aside_too) {
  std::ofstream(options_.path) << std::string(10'000, 'x');
  ASSERT_TRUE(open()) << notice_;
  EXPECT_THAT(notice_, HasSubstr("was damaged"));
}

TEST_F(LogFileTest, nobody_else_may_read_its_files) {
  auto log = open();
  ASSERT_TRUE(log);
  ASSERT_FALSE((*log)->write(std::vector<Change>{event(1)}, kNow));
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder_)) {
    ++files;
    EXPECT_EQ(entry.status().permissions(),
              std::filesystem::perms::owner_read | std::filesystem::perms::owner_write)
        << entry.path();
  }
  EXPECT_GE(files, 3U);
}

TEST_F(LogFileTest, one_process_at_a_time) {
  auto first = open();
  ASSERT_TRUE(first);
  const auto second = open();
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error(), LogError::in_use);
}

TEST_F(LogFileTest, a_log_of_a_later_version_is_left_alone) {
  {
    auto database = Database::open(options_.path, Journal::wal);
    ASSERT_TRUE(database);
    ASSERT_FALSE(database->execute("PRAGMA user_version = 99"));
  }
  const auto log = open();
  ASSERT_FALSE(log);
  EXPECT_EQ(log.error(), LogError::too_new);
}

TEST_F(LogFileTest, a_log_of_the_version_before_is_taken_over) {
  ASSERT_TRUE(open()) << notice_;
  {
    auto database = Database::open(options_.path, Journal::wal);
    ASSERT_TRUE(database);
    ASSERT_FALSE(
        database->execute("ALTER TABLE events DROP COLUMN sum; ALTER TABLE latest DROP COLUMN sum;"
                          "INSERT INTO latest VALUES('/', 'symbol_1', 'quote', 1, 5, '42[]', NULL);"
                          "PRAGMA user_version = 1"));
  }
  auto log = open();
  ASSERT_TRUE(log) << notice_;
  EXPECT_THAT(notice_, IsEmpty());
  EXPECT_THAT((*log)->load()->values, SizeIs(1));
  ASSERT_FALSE((*log)->write(std::vector<Change>{event(1)}, kNow));
}

TEST_F(LogFileTest, a_directory_that_is_not_there_is_an_error) {
  options_.path = (folder_ / "nowhere" / "log.db").string();
  const auto log = open();
  ASSERT_FALSE(log);
  EXPECT_EQ(log.error(), LogError::cant_open);
}

TEST(PackedStrings, a_text_that_is_cut_is_found) {
  const std::string packed = pack_strings({"ab", "", std::string("\0", 1)});
  EXPECT_EQ(unpack_strings(packed), (Strings{"ab", "", std::string("\0", 1)}));
  for (std::size_t size = 1; size < packed.size(); ++size) {
    const auto cut = unpack_strings(std::string_view(packed).substr(0, size));
    EXPECT_TRUE(!cut || cut->size() < 3) << size;
  }
  EXPECT_FALSE(unpack_strings("\xff\xff\xff\xff"));
}

}  // namespace
}  // namespace outcry::eventlog
