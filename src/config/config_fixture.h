// config/config_fixture.h — a directory for the files of a test, and what loading them says.
#pragma once

#include <filesystem>
#include <fstream>
#include <string>

#include <gtest/gtest.h>
#include <stdlib.h>

#include "config/config.h"

namespace outcry::config::test {

inline constexpr const char* kGoodSecret = "d9Qm4vT7xKp2sR8yLw3zBn6cJf1gHa5e";
inline constexpr const char* kGoodKey = "0f8c2Zb7Qw4Lk9Xs";

class ConfigTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "outcry-config-XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    directory_ = name;
    environment_ = {{"OUTCRY_AUTH_SECRET", kGoodSecret}, {"OUTCRY_OPERATIONS_API_KEYS", kGoodKey}};
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  std::filesystem::path write(const std::string& text, const char* name = "outcry.toml") {
    const auto path = directory_ / name;
    std::ofstream(path) << text;
    return path;
  }
  LoadedConfig load(const std::string& toml, bool development = false) {
    return load_config({write(toml), environment_, development});
  }
  /// What the operator reads; empty if the configuration is accepted.
  std::string error_of(const std::string& toml, bool development = false) {
    try {
      (void)load(toml, development);
    } catch (const ConfigError& error) {
      return error.what();
    }
    return {};
  }

  std::filesystem::path directory_;
  Environment environment_;
};

}  // namespace outcry::config::test
