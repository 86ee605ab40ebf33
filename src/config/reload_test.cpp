#include "config/reload.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "net/tls_for_test.h"

namespace outcry::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::string_view kKeys = "[operations]\napi_keys = [\"0f8c2Zb7Qw4Lk9Xs\"]\n";
constexpr std::string_view kNewKeys = "[operations]\napi_keys = [\"9Xs4LkQw7Zb2f80c\"]\n";

/// A file, a reloader that was started with it, and a part that records what it is given.
class ReloadTest : public testing::Test {
 protected:
  void start(const std::string& toml, bool development = false) {
    write(toml);
    options_ = {.file = directory_.path("outcry.toml"),
                .environment = {{"OUTCRY_AUTH_SECRET", "d9Qm4vT7xKp2sR8yLw3zBn6cJf1gHa5e"}},
                .development = development};
    if (development) options_.environment.clear();
    started_ = load_config(options_).config;
    reloader_.emplace(options_, started_);
    reloader_->add([this](const Config& next, Strings& changed) -> Reloader::Commit {
      if (!refusal_.empty()) throw ConfigError(refusal_);
      if (!content_.empty()) changed.push_back(content_);
      return [this, next] { committed_.push_back(next); };
    });
  }
  void write(const std::string& toml) { directory_.write("outcry.toml", toml); }

  const net::test::TestDirectory directory_;
  LoadOptions options_;
  Config started_;
  std::optional<Reloader> reloader_;
  std::string refusal_, content_;
  std::vector<Config> committed_;
};

TEST_F(ReloadTest, what_can_change_is_given_to_the_parts_and_named) {
  start(std::string(kKeys));
  write(std::string(kNewKeys) + "[log]\nlevel = \"debug\"\n");
  const ReloadReport report = reloader_->reload();
  EXPECT_THAT(report.changed, ElementsAre("operations.api_keys", "log.level"));
  EXPECT_THAT(report.need_restart, IsEmpty());
  ASSERT_EQ(committed_.size(), 1u);
  EXPECT_EQ(committed_[0].log.level, "debug");
  EXPECT_THAT(committed_[0].operations.api_keys, ElementsAre("9Xs4LkQw7Zb2f80c"));
  EXPECT_EQ(reloader_->stats().taken, 1u);
  EXPECT_THAT(reloader_->reload().changed, IsEmpty()) << "the new values are the running ones";
}

TEST_F(ReloadTest, what_cannot_change_keeps_its_value_and_is_named_until_the_restart) {
  start(std::string(kKeys));
  write(std::string(kKeys) + "[server]\nworkers = 3\n[log]\nlevel = \"error\"\n");
  for (int i = 0; i < 2; ++i) {
    const ReloadReport report = reloader_->reload();
    EXPECT_THAT(report.need_restart, ElementsAre("server.workers"));
    EXPECT_EQ(committed_.back().server.workers, started_.server.workers);
    EXPECT_EQ(committed_.back().log.level, "error");
  }
  write(std::string(kKeys));
  EXPECT_THAT(reloader_->reload().need_restart, IsEmpty());
}

TEST_F(ReloadTest, a_file_with_an_error_changes_nothing) {
  start(std::string(kKeys));
  for (const char* wrong : {"[log]\nlevel = \"loud\"\n", "[log]\nlevl = \"debug\"\n", "[log\n",
                            "[operations]\napi_keys = [\"short\"]\n"}) {
    write(wrong);
    const ReloadReport report = reloader_->reload();
    EXPECT_NE(report.error, "") << wrong;
    EXPECT_THAT(report.changed, IsEmpty());
    EXPECT_TRUE(reloader_->stats().last_refused);
  }
  EXPECT_THAT(committed_, IsEmpty());
  EXPECT_EQ(reloader_->stats().refused, 4u);
  write(std::string(kKeys));
  EXPECT_EQ(reloader_->reload().error, "");
  EXPECT_FALSE(reloader_->stats().last_refused);
}

TEST_F(ReloadTest, a_part_that_cannot_prepare_keeps_all_others_from_committing) {
  start(std::string(kKeys));
  reloader_->add([](const Config&, Strings&) -> Reloader::Commit {
    throw ConfigError("server.tls_key_file: gone");
  });
  write(std::string(kNewKeys));
  EXPECT_EQ(reloader_->reload().error, "server.tls_key_file: gone");
  EXPECT_THAT(committed_, IsEmpty());
}

TEST_F(ReloadTest, a_refused_reload_is_compared_with_what_runs_the_next_time) {
  start(std::string(kKeys));
  write(std::string(kNewKeys));
  refusal_ = "not now";
  EXPECT_THAT(reloader_->reload().changed, IsEmpty());
  refusal_.clear();
  EXPECT_THAT(reloader_->reload().changed, ElementsAre("operations.api_keys"));
}

TEST_F(ReloadTest, the_content_of_a_file_counts_as_a_change) {
  directory_.write("keys", "0f8c2Zb7Qw4Lk9Xs\n");
  const std::string toml = "[operations]\napi_keys_file = \"" + directory_.path("keys") + "\"\n";
  start(toml);
  EXPECT_THAT(reloader_->reload().changed, IsEmpty());
  directory_.write("keys", "0f8c2Zb7Qw4Lk9Xs\n9Xs4LkQw7Zb2f80c\n");
  content_ = "server.tls_certificate_file";
  EXPECT_THAT(reloader_->reload().changed,
              ElementsAre("operations.api_keys", "server.tls_certificate_file"));
  EXPECT_EQ(committed_.back().operations.api_keys.size(), 2u);
}

TEST_F(ReloadTest, secrets_that_a_development_run_made_up_stay) {
  start("", true);
  write("[log]\nlevel = \"debug\"\n");
  const ReloadReport report = reloader_->reload();
  EXPECT_THAT(report.changed, ElementsAre("log.level"));
  EXPECT_THAT(report.need_restart, IsEmpty());
  EXPECT_EQ(committed_.back().operations.api_keys, started_.operations.api_keys);
}

TEST_F(ReloadTest, a_report_never_holds_a_value) {
  start(std::string(kKeys));
  write("[operations]\napi_keys = [\"too-short\"]\n[auth]\nsecret = \"alsosecret\"\n");
  options_.environment.clear();
  EXPECT_THAT(reloader_->reload().error, testing::Not(HasSubstr("too-short")));
}

}  // namespace
}  // namespace outcry::config
