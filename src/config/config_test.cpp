#include "config/config.h"

#include <filesystem>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/config_fixture.h"
#include "config/keys.h"

namespace outcry::config {
namespace {

using test::kGoodKey;
using test::kGoodSecret;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

using ConfigTest = test::ConfigTest;

TEST_F(ConfigTest, without_a_file_the_defaults_hold) {
  const Config config = load_config({{}, environment_, false}).config;
  EXPECT_EQ(config.server.listen, "127.0.0.1:5000");
  EXPECT_EQ(config.engine.ping_interval, milliseconds(25'000));
  EXPECT_EQ(config.engine.ping_timeout, milliseconds(20'000));
  EXPECT_EQ(config.auth.age_max, seconds(3600));
  EXPECT_THAT(config.bus.python_channels, ElementsAre("tradesense_websocket"));
  EXPECT_THAT(config.events.aliases.at("risk_alert"), ElementsAre("RISK_ALERT"));
}

TEST_F(ConfigTest, the_printed_defaults_are_a_file_that_changes_nothing) {
  const LoadedConfig loaded = load_config({write(default_config_toml()), environment_, false});
  const LoadedConfig bare = load_config({{}, environment_, false});
  Config before = bare.config, after = loaded.config;
  for (const ConfigKey& key : config_keys()) {
    EXPECT_TRUE(std::visit([&](auto get) { return get(before) == get(after); }, key.member))
        << full_name(key);
  }
}

TEST_F(ConfigTest, a_file_sets_values_of_every_type) {
  const Config config = load(R"([server]
workers = 3
allowed_origins = ["https://app.example.com", "http://localhost:3000"]
[engine]
ping_interval_ms = 300
transports = ["websocket"]
permessage_deflate = true
[auth]
leeway_s = 0
[events.aliases]
equity_updated = ["EQUITY_UPDATED", "equity"]
[events]
latest = ["quote"]
[events.keys]
quote = "symbol"
)")
                            .config;
  EXPECT_EQ(config.server.workers, 3u);
  EXPECT_THAT(config.server.allowed_origins,
              ElementsAre("https://app.example.com", "http://localhost:3000"));
  EXPECT_EQ(config.engine.ping_interval, milliseconds(300));
  EXPECT_THAT(config.engine.transports, ElementsAre("websocket"));
  EXPECT_TRUE(config.engine.permessage_deflate);
  EXPECT_EQ(config.auth.leeway, seconds(0));
  EXPECT_EQ(config.events.aliases.size(), 1u);
  EXPECT_THAT(config.events.aliases.at("equity_updated"), ElementsAre("EQUITY_UPDATED", "equity"));
  EXPECT_EQ(config.events.keys.at("quote"), "symbol");
}

TEST_F(ConfigTest, an_empty_table_is_one_of_whatever_its_key_wants) {
  const Config config = load("[events]\naliases = {}\nkeys = {}\n").config;
  EXPECT_TRUE(config.events.aliases.empty());
  EXPECT_TRUE(config.events.keys.empty());
  EXPECT_THAT(error_of("[events]\nkeys = { quote = [\"symbol\"] }\n"),
              AllOf(HasSubstr("events.keys"), HasSubstr("values are texts")));
  EXPECT_THAT(error_of("[events]\naliases = { a = \"A\" }\n"), HasSubstr("lists of texts"));
  EXPECT_THAT(error_of("[events]\naliases = { a = [\"disconnect\"] }\n"), HasSubstr("reserved"));
}

TEST_F(ConfigTest, the_environment_comes_before_the_file) {
  environment_["OUTCRY_SERVER_WORKERS"] = "7";
  environment_["OUTCRY_SERVER_ALLOWED_ORIGINS"] = "https://a.example, https://b.example";
  environment_["OUTCRY_BUS_NODE_PREFIXES"] = R"(["one,two"])";
  environment_["OUTCRY_ENGINE_PERMESSAGE_DEFLATE"] = "true";
  environment_["OUTCRY_EVENTS_ALIASES"] = R"({ a = ["A"] })";
  const Config config = load("[server]\nworkers = 3\n").config;
  EXPECT_EQ(config.server.workers, 7u);
  EXPECT_THAT(config.server.allowed_origins, ElementsAre("https://a.example", "https://b.example"));
  EXPECT_THAT(config.bus.node_prefixes, ElementsAre("one,two"));
  EXPECT_TRUE(config.engine.permessage_deflate);
  EXPECT_THAT(config.events.aliases.at("a"), ElementsAre("A"));
}

TEST_F(ConfigTest, a_bad_variable_is_named) {
  environment_["OUTCRY_SERVER_WORKERS"] = "many";
  EXPECT_THAT(error_of(""), AllOf(HasSubstr("OUTCRY_SERVER_WORKERS"), HasSubstr("whole number")));
  environment_["OUTCRY_SERVER_WORKERS"] = "65";
  EXPECT_THAT(error_of(""), HasSubstr("from 0 to 64 threads, not 65"));
}

TEST_F(ConfigTest, a_mistyped_variable_is_told_and_foreign_ones_are_left_alone) {
  environment_["OUTCRY_SERVER_WORKER"] = "2";
  environment_["OUTCRY_HOME"] = "x";
  EXPECT_THAT(load("").notices, ElementsAre(AllOf(HasSubstr("OUTCRY_SERVER_WORKER is no"),
                                                  HasSubstr("OUTCRY_SERVER_WORKERS"))));
}

TEST_F(ConfigTest, an_unknown_key_is_named_with_its_line_and_the_nearest) {
  const std::string error = error_of("[server]\n\nlisen = \"x\"\n[stor]\nurl = \"x\"\n");
  EXPECT_THAT(error,
              HasSubstr("outcry.toml:3: unknown key server.lisen; did you mean \"listen\"?"));
  EXPECT_THAT(error, HasSubstr("unknown section [stor]; did you mean \"store\"?"));
  EXPECT_THAT(error_of("listen = \"x\"\n"), HasSubstr(":1: unknown key \"listen\" outside"));
  EXPECT_THAT(error_of("[engine]\nattachments_max = 1\n"), HasSubstr("there is socketio.att"));
}

TEST_F(ConfigTest, a_wrong_type_or_range_names_key_line_and_limit) {
  EXPECT_THAT(error_of("[engine]\nping_interval_ms = \"fast\"\n"),
              HasSubstr(":2: engine.ping_interval_ms must be a whole number from 50 to 3600000 ms, "
                        "not a text"));
  EXPECT_THAT(error_of("[engine]\nping_interval_ms = 49\n"), HasSubstr("not 49"));
  EXPECT_THAT(error_of("[engine]\nping_interval_ms = -1\n"), HasSubstr("not -1"));
  EXPECT_THAT(error_of("[engine]\nping_interval_ms = 0.5\n"), HasSubstr("a fraction"));
  EXPECT_THAT(error_of("[engine]\ntransports = [\"polling\", 1]\n"), HasSubstr("list of texts"));
  EXPECT_THAT(error_of("[engine]\ntransports = [\"flash\"]\n"),
              HasSubstr("one of polling, websocket"));
  EXPECT_THAT(error_of("[engine]\ntransports = []\n"), HasSubstr("1 to 2 elements, not 0"));
  EXPECT_THAT(error_of("[socketio]\nnamespaces = [\"/\", \"/\"]\n"), HasSubstr("twice"));
  EXPECT_THAT(error_of("[log]\nlevel = 2024-01-01\n"), HasSubstr("a date or time"));
}

TEST_F(ConfigTest, the_ends_of_a_range_are_inside) {
  EXPECT_EQ(error_of("[engine]\nping_interval_ms = 50\n"), "");
  EXPECT_EQ(error_of("[engine]\nping_interval_ms = 3600000\n"), "");
  EXPECT_NE(error_of("[engine]\nping_interval_ms = 3600001\n"), "");
}

TEST_F(ConfigTest, all_problems_are_told_at_once) {
  const std::string error = error_of("[server]\nworkers = 99\n[engine]\nping_timeout_ms = 1\n");
  EXPECT_THAT(error, AllOf(HasSubstr("server.workers"), HasSubstr("engine.ping_timeout_ms")));
}

TEST_F(ConfigTest, bad_syntax_names_file_and_line) {
  EXPECT_THAT(error_of("[server]\nlisten = \n"), HasSubstr("outcry.toml:2: bad TOML"));
  EXPECT_THAT(error_of("[log]\nlevel = \"info\"\nlevel = \"info\"\n"), HasSubstr(":3: bad TOML"));
}

TEST_F(ConfigTest, a_file_that_cannot_be_read_is_named) {
  const auto error = [this](const std::filesystem::path& path) -> std::string {
    try {
      (void)load_config({path, environment_, false});
    } catch (const ConfigError& caught) {
      return caught.what();
    }
    return {};
  };
  EXPECT_THAT(error(directory_ / "none.toml"),
              AllOf(HasSubstr("none.toml"), HasSubstr("No such file")));
  EXPECT_THAT(error(directory_), HasSubstr("is a directory"));
}

TEST_F(ConfigTest, a_development_run_binds_nobody_to_https) {
  EXPECT_EQ(load("").config.server.hsts_max_age, seconds(31'536'000));
  EXPECT_EQ(load("", true).config.server.hsts_max_age, seconds(0));
}

TEST_F(ConfigTest, only_a_development_run_serves_plain_http_to_everyone_by_itself) {
  EXPECT_EQ(load("").config.server.plain_http, "refuse");
  EXPECT_EQ(load("[server]\nplain_http = \"allow\"\n").config.server.plain_http, "allow");
  EXPECT_EQ(load("", true).config.server.plain_http, "allow");
}

TEST_F(ConfigTest, a_development_run_makes_up_what_is_missing_and_says_so) {
  environment_.clear();
  const LoadedConfig loaded = load("[server]\nallowed_origins = [\"*\"]\n", true);
  EXPECT_GE(loaded.config.auth.secret.size(), 32u);
  ASSERT_EQ(loaded.config.operations.api_keys.size(), 1u);
  EXPECT_THAT(loaded.notices, Contains(HasSubstr(loaded.config.auth.secret)));
  EXPECT_THAT(loaded.notices, Contains(HasSubstr(loaded.config.operations.api_keys[0])));
  EXPECT_NE(load("", true).config.auth.secret, loaded.config.auth.secret);

  const LoadedConfig weak = load("[auth]\nsecret = \"changeme\"\n", true);
  EXPECT_EQ(weak.config.auth.secret, "changeme");
  EXPECT_THAT(weak.notices, Contains(HasSubstr("without --dev it is refused")));
}

TEST_F(ConfigTest, secrets_come_from_files_without_their_line_end) {
  environment_.clear();
  const auto secret = write(std::string(kGoodSecret) + "\r\n", "secret");
  const auto keys = write("# publishers\n" + std::string(kGoodKey) + "\n\n1f8c2Zb7Qw4Lk9Xs\n", "k");
  const auto redis = write("redis://:pass@127.0.0.1:6379/0\n", "redis");
  const Config config =
      load("[auth]\nsecret_file = \"" + secret.string() + "\"\n[operations]\napi_keys_file = \"" +
           keys.string() + "\"\n[bus]\nredis_file = \"" + redis.string() + "\"\n")
          .config;
  EXPECT_EQ(config.auth.secret, kGoodSecret);
  EXPECT_THAT(config.operations.api_keys, ElementsAre(kGoodKey, "1f8c2Zb7Qw4Lk9Xs"));
  EXPECT_EQ(config.bus.redis, "redis://:pass@127.0.0.1:6379/0");
}

TEST_F(ConfigTest, a_secret_and_its_file_exclude_each_other_but_the_environment_replaces_both) {
  const std::string file = "[auth]\nsecret_file = \"/nonexistent\"\n";
  EXPECT_EQ(load(file).config.auth.secret, kGoodSecret);
  environment_.erase("OUTCRY_AUTH_SECRET");
  EXPECT_THAT(error_of(file), AllOf(HasSubstr("auth.secret_file"), HasSubstr("/nonexistent")));
  EXPECT_THAT(error_of(file + "secret = \"x\"\n"),
              HasSubstr("auth.secret and auth.secret_file: set one of them"));
}

TEST_F(ConfigTest, the_smallest_real_configuration_is_accepted) {
  environment_.clear();
  const Config config = load(R"([server]
listen = "127.0.0.1:5000"
workers = 0
allowed_origins = ["https://app.example.com"]
[operations]
listen = "127.0.0.1:5001"
api_keys = ["0f8c2Zb7Qw4Lk9Xs"]
[auth]
secret = "d9Qm4vT7xKp2sR8yLw3zBn6cJf1gHa5e"
[bus]
redis = "redis://127.0.0.1:6379/0"
python_channels = ["tradesense_websocket"]
node_prefixes = ["socket.io"]
[store]
url = "sqlite:data/outcry.db"
owner_query = "SELECT 1 FROM challenges WHERE id = ?1 AND user_id = ?2"
)")
                            .config;
  EXPECT_EQ(config.store.url, "sqlite:data/outcry.db");
}

TEST(ListenAddress, numeric_addresses_with_port_are_read) {
  EXPECT_EQ(parse_listen_address("127.0.0.1:5000"), (ListenAddress{"127.0.0.1", 5000}));
  EXPECT_EQ(parse_listen_address("[::1]:0"), (ListenAddress{"::1", 0}));
  EXPECT_EQ(parse_listen_address(":65535"), (ListenAddress{"", 65535}));
  for (const char* bad : {"", ":", "127.0.0.1", "127.0.0.1:", "127.0.0.1:-1", "127.0.0.1:65536",
                          "::1:80", "[127.0.0.1]:80", "host:80", "1.2.3.4:8x", "[::1]"}) {
    EXPECT_EQ(parse_listen_address(bad), std::nullopt) << bad;
  }
}

}  // namespace
}  // namespace outcry::config
