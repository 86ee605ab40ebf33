// audit/trail_for_test.h — a directory of its own for a trail, records to write, and a look at it.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "audit/audit_files.h"
#include "audit/trail.h"
#include "audit/verifier.h"

namespace outcry::audit::test {

inline const WallTime kMorning{std::chrono::sys_days(std::chrono::year(2026) / 1 / 31) +
                               std::chrono::hours(9)};

inline std::string text_of(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

inline void set_text(const std::filesystem::path& path, const std::string& text) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << text;
}

inline std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> out;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) out.push_back(line);
  return out;
}

inline Record join_of(int number, WallTime time = kMorning) {
  Record out{.kind = Kind::join, .time = time, .user = "u" + std::to_string(number)};
  out.namespace_name = "/";
  out.rooms = {"challenge_" + std::to_string(number % 7)};
  out.socket = "AAAAAAAAAAAAAAAAAAAA";
  out.address = "192.0.2.1";
  return out;
}

class TrailTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "outcry-audit-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    root_ = name;
    options_.directory = root_ / "trail";
    options_.software = "outcry test";
  }
  void TearDown() override {
    trail_.reset();
    std::filesystem::remove_all(root_);
  }

  void open(WallTime now = kMorning) {
    std::string why;
    auto trail = Trail::open(options_, now, why, disk_);
    ASSERT_TRUE(trail) << why;
    trail_ = *std::move(trail);
  }
  void stop(WallTime now = kMorning) {
    ASSERT_FALSE(trail_->stop(now));
    trail_.reset();
  }
  /// As `kill -9`.
  void crash() { trail_.reset(); }
  void write(int count, WallTime now = kMorning) {
    std::vector<Record> records;
    records.reserve(static_cast<std::size_t>(count));
    for (int i = 0; i < count; ++i) records.push_back(join_of(next_++, now));
    const Trail::Written written = trail_->write(records, now);
    ASSERT_FALSE(written.error) << written.error.message();
    ASSERT_EQ(written.records, records.size());
  }

  [[nodiscard]] std::vector<std::filesystem::path> files() const {
    const auto found = trail_files({options_.directory});
    return found ? *found : std::vector<std::filesystem::path>();
  }
  [[nodiscard]] std::filesystem::path only_file() const { return files().at(0); }
  [[nodiscard]] Report verify(VerifierOptions options = {}) const {
    Verifier verifier(std::move(options));
    for (const auto& file : files()) EXPECT_FALSE(verifier.read(file));
    return verifier.finish();
  }
  [[nodiscard]] static std::string told(const Report& report) {
    std::string out;
    for (const Finding& finding : report.findings) {
      out += finding.file.filename().string() + ':' + std::to_string(finding.line) + ": " +
             std::to_string(finding.sequence) + ": " + finding.what + '\n';
    }
    return out;
  }

  std::filesystem::path root_;
  TrailOptions options_;
  Disk disk_ = Disk::real();
  std::unique_ptr<Trail> trail_;
  int next_ = 0;
};

}  // namespace outcry::audit::test
