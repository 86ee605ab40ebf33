#include "config/check.h"

#include <string>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/config_fixture.h"

namespace outcry::config {
namespace {

using test::kGoodSecret;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

using ConfigCheckTest = test::ConfigTest;

TEST_F(ConfigCheckTest, an_event_has_one_class_and_a_key_only_if_it_is_latest) {
  EXPECT_THAT(error_of("[events]\nlatest = [\"a\"]\nvolatile = [\"a\"]\n"),
              AllOf(HasSubstr("events.volatile"), HasSubstr("one class")));
  EXPECT_THAT(error_of("[events.keys]\nquote = \"symbol\"\n"),
              AllOf(HasSubstr("events.keys"), HasSubstr("isn't in events.latest")));
}

TEST_F(ConfigCheckTest, only_what_can_be_sent_again_is_to_be_acknowledged) {
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

TEST_F(ConfigCheckTest, a_weak_or_missing_secret_refuses_to_start) {
  environment_.erase("OUTCRY_AUTH_SECRET");
  EXPECT_THAT(error_of(""),
              AllOf(HasSubstr("auth.secret: is empty"), HasSubstr("openssl rand -base64 48")));
  EXPECT_THAT(error_of("[auth]\nsecret = \"changeme\"\n"),
              AllOf(HasSubstr("auth.secret"), Not(HasSubstr("changeme"))));
  EXPECT_THAT(error_of("[auth]\nsecret = \"d9Qm4vT7\"\n"), HasSubstr("32"));
}

TEST_F(ConfigCheckTest, production_needs_api_keys_and_exact_origins) {
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

TEST_F(ConfigCheckTest, proxies_are_addresses_and_ranges) {
  EXPECT_EQ(error_of("[server]\ntrusted_proxies = [\"10.0.0.0/8\", \"::1\", \"192.0.2.7\"]\n"), "");
  for (const char* bad : {"10.0.0.1/8", "proxy.example.com", "*", "10.0.0.0/33", "[::1]"}) {
    EXPECT_THAT(error_of(std::string("[server]\ntrusted_proxies = [\"") + bad + "\"]\n"),
                AllOf(HasSubstr("server.trusted_proxies"), HasSubstr("10.0.0.0/8")))
        << bad;
  }
}

TEST_F(ConfigCheckTest, the_proxy_protocol_needs_proxies) {
  const std::string required = "[server]\nproxy_protocol = \"required\"\n";
  EXPECT_THAT(error_of(required), HasSubstr("list the proxies in server.trusted_proxies"));
  EXPECT_EQ(error_of(required + "trusted_proxies = [\"10.0.0.0/8\"]\n"), "");
}

TEST_F(ConfigCheckTest, addresses_urls_and_templates_are_checked_at_start) {
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

TEST_F(ConfigCheckTest, a_postgresql_url_is_checked_without_repeating_it) {
  const auto with_url = [](const std::string& url) { return "[store]\nurl = \"" + url + "\"\n"; };
  EXPECT_EQ(load(with_url("postgresql://u:geheim@db/app?sslmode=verify-full")).config.store.url,
            "postgresql://u:geheim@db/app?sslmode=verify-full");
  for (const char* url :
       {"postgresql://u:geheim@db:0/app", "postgresql://u:geheim@db/app?ssl=yes",
        "postgresql://u:geheim/x@db/app", "postgres:geheim", "mysql://u:geheim@h"}) {
    EXPECT_THAT(error_of(with_url(url)), AllOf(HasSubstr("store.url"), Not(HasSubstr("geheim"))))
        << url;
  }
  EXPECT_THAT(error_of(with_url("postgresql://db/app") + "owner_query = \"SELECT ?1, ?2\"\n"),
              AllOf(HasSubstr("store.owner_query"), HasSubstr("$1")));
  const auto file = write("postgresql://u:geheim@db/app\n", "url");
  EXPECT_EQ(load("[store]\nurl_file = \"" + file.string() + "\"\n").config.store.url,
            "postgresql://u:geheim@db/app");
}

TEST_F(ConfigCheckTest, a_policy_without_anybody_to_decide_is_told) {
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

}  // namespace
}  // namespace outcry::config
