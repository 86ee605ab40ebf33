#include "transport/static_files.h"

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>
#include <unistd.h>

namespace outcry::transport {
namespace {

namespace fs = std::filesystem;

class StaticFilesTest : public testing::Test {
 protected:
  StaticFilesTest() {
    std::string pattern = (fs::temp_directory_path() / "outcry-files-XXXXXX").string();
    root_ = ::mkdtemp(pattern.data());
  }
  ~StaticFilesTest() override { fs::remove_all(root_); }

  void write(const std::string& name, std::string_view bytes) const {
    fs::create_directories((root_ / name).parent_path());
    std::ofstream(root_ / name, std::ios::binary) << bytes;
  }
  Result<StaticFiles> load() const { return StaticFiles::load(root_.string()); }

  fs::path root_;
};

TEST_F(StaticFilesTest, serves_what_lies_below_with_its_type_and_an_etag) {
  write("index.html", "<p>");
  write("assets/app.js", std::string_view("a\0b", 3));
  write("data.unknown", "");
  const auto files = load();
  ASSERT_TRUE(files);
  EXPECT_EQ(files->find("/"), files->find("/index.html"));
  ASSERT_NE(files->find("/index.html"), nullptr);
  EXPECT_EQ(files->find("/index.html")->bytes, "<p>");
  EXPECT_EQ(files->find("/index.html")->content_type, "text/html; charset=utf-8");
  ASSERT_NE(files->find("/assets/app.js"), nullptr);
  EXPECT_EQ(files->find("/assets/app.js")->bytes, std::string_view("a\0b", 3));
  EXPECT_EQ(files->find("/data.unknown")->content_type, "application/octet-stream");
}

TEST_F(StaticFilesTest, leaves_out_hidden_files_and_links) {
  write("index.html", "x");
  write(".env", "secret");
  write(".git/config", "secret");
  write("a/.b/c", "secret");
  fs::create_symlink("/etc/passwd", root_ / "passwd");
  fs::create_directory_symlink("/etc", root_ / "etc");
  const auto files = load();
  ASSERT_TRUE(files);
  EXPECT_NE(files->find("/index.html"), nullptr);
  for (const char* path : {"/.env", "/.git/config", "/a/.b/c", "/passwd", "/etc/passwd",
                           "/../index.html", "//index.html", "/assets", "", "index.html"}) {
    EXPECT_EQ(files->find(path), nullptr) << path;
  }
}

TEST_F(StaticFilesTest, an_etag_changes_with_the_bytes_only) {
  write("a", "one");
  write("b", "one");
  write("c", "two");
  const auto files = load();
  ASSERT_TRUE(files);
  EXPECT_EQ(files->find("/a")->etag, files->find("/b")->etag);
  EXPECT_NE(files->find("/a")->etag, files->find("/c")->etag);
  EXPECT_TRUE(files->find("/a")->etag.starts_with('"') && files->find("/a")->etag.ends_with('"'));
}

TEST_F(StaticFilesTest, refuses_a_file_or_a_directory_over_its_limit) {
  write("big", std::string(StaticFiles::kFileBytesMax, 'x'));
  EXPECT_TRUE(load());
  write("big", std::string(StaticFiles::kFileBytesMax + 1, 'x'));
  EXPECT_EQ(load().error(), std::errc::file_too_large);

  write("big", "");
  constexpr std::size_t kFiles = StaticFiles::kTotalBytesMax / StaticFiles::kFileBytesMax;
  for (std::size_t i = 0; i < kFiles; ++i) {
    write(std::to_string(i), std::string(StaticFiles::kFileBytesMax, 'x'));
  }
  EXPECT_TRUE(load());
  write("one-more", "x");
  EXPECT_EQ(load().error(), std::errc::file_too_large);
}

TEST_F(StaticFilesTest, a_missing_directory_is_an_error) {
  EXPECT_EQ(StaticFiles::load((root_ / "none").string()).error(),
            std::errc::no_such_file_or_directory);
}

}  // namespace
}  // namespace outcry::transport
