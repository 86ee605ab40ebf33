#include "api/reload_route.h"

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

namespace outcry::api {
namespace {

using testing::HasSubstr;

class ReloadRouteTest : public testing::Test {
 protected:
  ReloadRouteTest() {
    std::string name = (std::filesystem::temp_directory_path() / "outcry-reload-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp");
    directory_ = name;
    write("");
    const config::LoadOptions options{.file = directory_ / "outcry.toml", .development = true};
    reloader_.emplace(options, config::load_config(options).config);
    add_reload_route(router_, *reloader_);
  }
  ~ReloadRouteTest() override { std::filesystem::remove_all(directory_); }

  void write(const char* toml) { std::ofstream(directory_ / "outcry.toml") << toml; }
  Response reload() {
    Response answer;
    const Route* route = router_.find("POST", "/v1/reload");
    route->handle({}, [&answer](Response response) { answer = std::move(response); });
    return answer;
  }

  std::filesystem::path directory_;
  std::optional<config::Reloader> reloader_;
  Router router_;
};

TEST_F(ReloadRouteTest, it_needs_a_key_and_no_body) {
  const Route* route = router_.find("POST", "/v1/reload");
  ASSERT_NE(route, nullptr);
  EXPECT_TRUE(route->needs_key);
  EXPECT_FALSE(route->takes_body);
  EXPECT_EQ(router_.find("GET", "/v1/reload"), nullptr);
}

TEST_F(ReloadRouteTest, it_says_what_has_changed_and_what_waits) {
  write("[log]\nlevel = \"debug\"\n[server]\nworkers = 2\n");
  const Response answer = reload();
  EXPECT_EQ(answer.status, 200u);
  EXPECT_EQ(answer.body, "{\"changed\":[\"log.level\"],\"need_restart\":[\"server.workers\"]}\n");
}

TEST_F(ReloadRouteTest, it_says_what_is_wrong) {
  write("[log]\nlevel = \"loud\"\n");
  const Response answer = reload();
  EXPECT_EQ(answer.status, 422u);
  EXPECT_EQ(answer.content_type, "application/problem+json");
  EXPECT_THAT(answer.body, HasSubstr("urn:outcry:problem:refused-configuration"));
  EXPECT_THAT(answer.body, HasSubstr("outcry.toml:2: log.level must be one of"));
}

}  // namespace
}  // namespace outcry::api
