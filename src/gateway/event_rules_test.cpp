#include "gateway/event_rules.h"

#include <gtest/gtest.h>

namespace outcry::gateway {
namespace {

using transport::DeliveryClass;

TEST(EventRulesTest, what_the_configuration_says_of_an_event_is_found_at_once) {
  config::EventsConfig config;
  config.aliases = {{"equity", {"EQUITY"}}};
  config.latest = {"equity", "quote"};
  config.volatile_events = {"cursor"};
  config.keys = {{"quote", "symbol"}};
  config.snapshot = {"equity", "status"};
  config.acknowledge = {"alert"};
  const EventRules rules(config, {});
  EXPECT_EQ(rules.of("equity").delivery_class, DeliveryClass::latest);
  EXPECT_EQ(rules.of("equity").aliases, config::Strings{"EQUITY"});
  EXPECT_TRUE(rules.of("equity").snapshot);
  EXPECT_EQ(rules.of("quote").key_member, "symbol");
  EXPECT_EQ(rules.of("status").delivery_class, DeliveryClass::must);
  EXPECT_EQ(rules.of("cursor").delivery_class, DeliveryClass::volatile_);
  EXPECT_EQ(rules.of("anything").delivery_class, DeliveryClass::must);
  EXPECT_FALSE(rules.of("anything").snapshot);
  EXPECT_TRUE(rules.of("alert").acknowledge);
  EXPECT_FALSE(rules.of("anything").acknowledge);
}

TEST(ConflationKeyTest, audience_name_and_the_members_value_tell_events_apart) {
  const EventRule plain, keyed{.key_member = "symbol"};
  const auto key = conflation_key(plain, 1, "quote", R"({"symbol":"EURUSD","bid":1})");
  EXPECT_NE(key, 0u);
  EXPECT_EQ(conflation_key(plain, 1, "quote", R"({"symbol":"GBPUSD","bid":2})"), key);
  EXPECT_NE(conflation_key(plain, 2, "quote", "{}"), key);
  EXPECT_NE(conflation_key(plain, 1, "QUOTE", "{}"), key);

  const auto euro = conflation_key(keyed, 1, "quote", R"({"bid":1,"symbol":"EURUSD"})");
  EXPECT_EQ(conflation_key(keyed, 1, "quote", R"({"symbol": "EURUSD","bid":9},"more")"), euro);
  EXPECT_NE(conflation_key(keyed, 1, "quote", R"({"symbol":"GBPUSD"})"), euro);
  EXPECT_NE(conflation_key(keyed, 1, "quote", R"({"symbol":7})"),
            conflation_key(keyed, 1, "quote", R"({"symbol":"7"})"));
}

TEST(ConflationKeyTest, an_event_without_the_member_has_its_rooms_key) {
  const EventRule keyed{.key_member = "symbol"};
  const auto none = conflation_key(keyed, 1, "quote", "{}");
  for (const char* arguments : {"", "1", "[]", R"("symbol")", R"([{"symbol":"EURUSD"}])"}) {
    EXPECT_EQ(conflation_key(keyed, 1, "quote", arguments), none) << arguments;
  }
}

TEST(EventRulesTest, without_a_file_nothing_is_written) {
  config::EventsConfig events;
  events.latest = {"equity"};
  const EventRules rules(events, {});
  EXPECT_EQ(rules.of("equity").durability, Durability::no);
  EXPECT_EQ(rules.of("anything").durability, Durability::no);
  EXPECT_EQ(rules.promise(), eventlog::Promise::nothing);
}

TEST(EventRulesTest, what_is_written_when_follows_class_and_name) {
  config::EventsConfig events;
  events.latest = {"equity", "quote"};
  events.volatile_events = {"cursor"};
  config::EventlogConfig log;
  log.path = "log.db";
  EXPECT_EQ(EventRules(events, log).of("risk").durability, Durability::before_delivery);
  EXPECT_EQ(EventRules(events, log).of("equity").durability, Durability::later);
  EXPECT_EQ(EventRules(events, log).of("cursor").durability, Durability::no);
  EXPECT_EQ(EventRules(events, log).promise(), eventlog::Promise::always);

  log.events = {{"quote", "no"}, {"risk", "async"}};
  const EventRules rules(events, log);
  EXPECT_EQ(rules.of("quote").durability, Durability::no);
  EXPECT_EQ(rules.of("risk").durability, Durability::later);
  EXPECT_EQ(rules.of("anything").durability, Durability::before_delivery);
  EXPECT_EQ(rules.promise(), eventlog::Promise::after_clean_end) << "risk is a must event";
  log.events = {{"risk", "no"}};
  EXPECT_EQ(EventRules(events, log).promise(), eventlog::Promise::nothing);
  log.events = {{"quote", "no"}};
  EXPECT_EQ(EventRules(events, log).promise(), eventlog::Promise::always) << "a state, no event";
}

}  // namespace
}  // namespace outcry::gateway
