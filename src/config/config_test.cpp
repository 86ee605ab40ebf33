#include "config/config.h"

#include <filesystem>
#include <fstream>
#include <set>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include "config/keys.h"

namespace outcry::config {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr const char* kGoodSecret = "d9Qm4vT7xKp2sR8yLw3zBn6cJf1gHa5e";
constexpr const char* kGoodKey = "0f8c2Zb7Qw4Lk9Xs";

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

TEST_F(ConfigTest, an_event_has_one_class_and_a_key_only_if_it_is_latest) {
  EXPECT_THAT(error_of("[events]\nlatest = [\"a\"]\nvolatile = [\"a\"]\n"),
              AllOf(HasSubstr("events.volatile"), HasSubstr("one class")));
  EXPECT_THAT(error_of("[events.keys]\nquote = \"symbol\"\n"),
              AllOf(HasSubstr("events.keys"), HasSubstr("isn't in events.latest")));
}

TEST_F(ConfigTest, only_what_can_be_sent_again_is_to_be_acknowledged) {
  const std::string wanted = "[events]\nacknowledge = [\"alert\"]\n";
  const std::string log = "[eventlog]\npath = \"/tmp/log.db\"\n";
  EXPECT_THAT(load(wanted + log).config.events.acknowledge, ElementsAre("alert"));
  EXPECT_THAT(load(wanted + "receipts = [\"alert\"]\n" + log).config.events.receipts,
              ElementsAre("alert"));
  EXPECT_THAT(error_of(wanted + "receipts = [\"note\"]\n" + log), HasSubstr("events.receipts"));
  EXPECT_THAT(error_of(wanted), HasSubstr("eventlog.path"));
  EXPECT_THAT(error_of(wanted + log + "must = \"no\"\n"), HasSubstr("must be written"));
  EXPECT_THAT(error_of(wanted + log + "events = { alert = \"no\" }\n"),
              HasSubstr("must be written"));
  EXPECT_THAT(error_of(wanted + log + "[recovery]\nenabled = false\n"),
              HasSubstr("recovery.enabled"));
  EXPECT_THAT(error_of(wanted + "latest = [\"alert\"]\n" + log), HasSubstr("class must"));
  EXPECT_THAT(error_of(wanted + "volatile = [\"alert\"]\n" + log), HasSubstr("class must"));
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

TEST_F(ConfigTest, a_weak_or_missing_secret_refuses_to_start) {
  environment_.erase("OUTCRY_AUTH_SECRET");
  EXPECT_THAT(error_of(""),
              AllOf(HasSubstr("auth.secret: is empty"), HasSubstr("openssl rand -base64 48")));
  EXPECT_THAT(error_of("[auth]\nsecret = \"changeme\"\n"),
              AllOf(HasSubstr("auth.secret"), Not(HasSubstr("changeme"))));
  EXPECT_THAT(error_of("[auth]\nsecret = \"d9Qm4vT7\"\n"), HasSubstr("32"));
}

TEST_F(ConfigTest, production_needs_api_keys_and_exact_origins) {
  EXPECT_THAT(error_of("[server]\nallowed_origins = [\"*\"]\n"), HasSubstr("--dev"));
  for (const char* bad :
       {"app.example.com", "https://", "https://App.example.com", "https://app.example.com/",
        "https://*.example.com", "null", "https://app.example.com:443", "http://localhost:80",
        "https://user@app.example.com", "https://b\u00fccher.example",
        "https://a.example,https://b.example"}) {
    EXPECT_THAT(error_of(std::string("[server]\nallowed_origins = [\"") + bad + "\"]\n"),
                HasSubstr("isn't an origin"))
        << bad;
  }
  environment_["OUTCRY_OPERATIONS_API_KEYS"] = "short";
  EXPECT_THAT(error_of(""), HasSubstr("at least 16"));
  environment_.erase("OUTCRY_OPERATIONS_API_KEYS");
  EXPECT_THAT(error_of(""), HasSubstr("operations.api_keys: at least one"));
}

TEST_F(ConfigTest, proxies_are_addresses_and_ranges) {
  EXPECT_EQ(error_of("[server]\ntrusted_proxies = [\"10.0.0.0/8\", \"::1\", \"192.0.2.7\"]\n"), "");
  for (const char* bad : {"10.0.0.1/8", "proxy.example.com", "*", "10.0.0.0/33", "[::1]"}) {
    EXPECT_THAT(error_of(std::string("[server]\ntrusted_proxies = [\"") + bad + "\"]\n"),
                AllOf(HasSubstr("server.trusted_proxies"), HasSubstr("10.0.0.0/8")))
        << bad;
  }
}

TEST_F(ConfigTest, the_proxy_protocol_needs_proxies) {
  const std::string required = "[server]\nproxy_protocol = \"required\"\n";
  EXPECT_THAT(error_of(required), HasSubstr("list the proxies in server.trusted_proxies"));
  EXPECT_EQ(error_of(required + "trusted_proxies = [\"10.0.0.0/8\"]\n"), "");
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

TEST_F(ConfigTest, addresses_urls_and_templates_are_checked_at_start) {
  for (const auto& [toml, key] : {
           std::pair{"[server]\nlisten = \"localhost:5000\"\n", "server.listen"},
           std::pair{"[server]\nlisten = \"127.0.0.1\"\n", "server.listen"},
           std::pair{"[operations]\nlisten = \"127.0.0.1:70000\"\n", "operations.listen"},
           std::pair{"[server]\npath = \"/socket.io\"\n", "server.path"},
           std::pair{"[socketio]\nnamespaces = [\"admin\"]\n", "socketio.namespaces"},
           std::pair{"[bus]\nredis = \"http://x\"\n", "bus.redis"},
           std::pair{"[bus]\nreconnect_min_ms = 10000\n", "bus.reconnect_min_ms"},
           std::pair{"[store]\nurl = \"mysql:x\"\n", "store.url"},
           std::pair{"[rooms]\nowner = [\"{id}\"]\n", "rooms.owner"},
           std::pair{"[rooms]\nuser = [\"lobby\"]\n", "rooms.user"},
           std::pair{"[rooms]\npublic = [\"user_{id}\"]\n", "same rooms"},
           std::pair{"[contract]\ngreet_rooms = [\"{user}_x\"]\n", "contract.greet_rooms"},
           std::pair{"[limits]\nexempt_addresses = [\"10.1.0.0/8\"]\n",
                     "limits.exempt_addresses: \"10.1.0.0/8\""},
       }) {
    EXPECT_THAT(error_of(toml), HasSubstr(key)) << toml;
  }
}

TEST_F(ConfigTest, a_postgresql_url_is_checked_without_repeating_it) {
  const auto with_url = [](const std::string& url) { return "[store]\nurl = \"" + url + "\"\n"; };
  EXPECT_EQ(load(with_url("postgresql://u:geheim@db/app?sslmode=verify-full")).config.store.url,
            "postgresql://u:geheim@db/app?sslmode=verify-full");
  for (const char* url :
       {"postgresql://u:geheim@db:0/app", "postgresql://u:geheim@db/app?ssl=yes",
        "postgresql://u:geheim/x@db/app", "postgres:geheim", "mysql://u:geheim@h"}) {
    EXPECT_THAT(error_of(with_url(url)),
                AllOf(HasSubstr("store.url"), testing::Not(HasSubstr("geheim"))))
        << url;
  }
  EXPECT_THAT(error_of(with_url("postgresql://db/app") + "owner_query = \"SELECT ?1, ?2\"\n"),
              AllOf(HasSubstr("store.owner_query"), HasSubstr("$1")));
  const auto file = write("postgresql://u:geheim@db/app\n", "url");
  EXPECT_EQ(load("[store]\nurl_file = \"" + file.string() + "\"\n").config.store.url,
            "postgresql://u:geheim@db/app");
}

TEST_F(ConfigTest, a_policy_without_anybody_to_decide_is_told) {
  const std::string grant = "[rooms]\ngrant = [\"desk_{id}\"]\n[policy_grant]\n";
  EXPECT_EQ(load(grant).config.policy_grant.claim, "rooms");
  EXPECT_THAT(error_of(grant + "claim = \"\"\n"), HasSubstr("nothing can list these rooms"));
  EXPECT_THAT(error_of(grant + "secret = \"short\"\n"), HasSubstr("policy_grant.secret"));
  EXPECT_THAT(error_of(grant + "secret = \"" + std::string(kGoodSecret) + "\"\n"),
              HasSubstr("must not be auth.secret"));
  for (const char* list : {"http", "http_fail_open"}) {
    const std::string rooms = std::string("[rooms]\n") + list + " = [\"team_{id}\"]\n";
    EXPECT_THAT(error_of(rooms), HasSubstr("policy_http.url: is needed"));
    EXPECT_THAT(error_of(rooms + "[policy_http]\nurl = \"team.example\"\n"),
                HasSubstr("policy_http.url"));
    EXPECT_THAT(error_of(rooms + "[policy_http]\nurl = \"https://h/\"\nsecret = \"a b\"\n"),
                HasSubstr("policy_http.secret"));
    EXPECT_EQ(load(rooms + "[policy_http]\nurl = \"https://h/p\"\n").config.policy_http.url,
              "https://h/p");
  }
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

TEST(ConfigKeys, names_are_unique_and_limits_hold_for_the_defaults) {
  std::set<std::string> names;
  std::set<std::string> variables;
  for (const ConfigKey& key : config_keys()) {
    EXPECT_TRUE(names.insert(full_name(key)).second) << full_name(key);
    EXPECT_TRUE(variables.insert(environment_name(key)).second) << environment_name(key);
    EXPECT_TRUE(key.meaning.ends_with('.')) << full_name(key);
    EXPECT_EQ(find_key(key.section, key.name), &key);
  }
}

TEST(ConfigKeys, a_unit_in_the_name_is_the_unit_of_the_key) {
  for (const ConfigKey& key : config_keys()) {
    EXPECT_EQ(key.name.ends_with("_ms"), key.unit == "ms") << full_name(key);
    EXPECT_EQ(key.name.ends_with("_s"), key.unit == "s") << full_name(key);
    if (key.name.find("bytes") != std::string_view::npos) {
      EXPECT_EQ(key.unit, "bytes");
    }
  }
}

TEST(ConfigReference, the_page_is_what_the_table_prints) {
  std::ifstream file(OUTCRY_CONFIG_REFERENCE);
  const std::string page(std::istreambuf_iterator<char>(file), {});
  EXPECT_EQ(page, config_reference_markdown())
      << "print it again: outcry default-config --markdown > docs/reference/config.md";
}

}  // namespace
}  // namespace outcry::config
