#include "config/retention_rules.h"

#include <gtest/gtest.h>

namespace outcry::config {
namespace {

using eventlog::Retention;
using std::chrono::hours;
using std::chrono::minutes;

constexpr Retention kDefaults{.events_max = 5, .bytes_max = 6, .age_max = hours(7)};

TEST(Retention, names_what_differs_from_the_defaults) {
  const auto all = parse_retention("age 7d, events 1000,bytes  64mb", kDefaults);
  ASSERT_TRUE(all);
  EXPECT_EQ(all->age_max, hours(7 * 24));
  EXPECT_EQ(all->events_max, 1000U);
  EXPECT_EQ(all->bytes_max, 64U << 20);
  const auto one = parse_retention("age 10m", kDefaults);
  ASSERT_TRUE(one);
  EXPECT_EQ(one->age_max, minutes(10));
  EXPECT_EQ(one->events_max, 5U);
  EXPECT_EQ(one->bytes_max, 6U);
}

TEST(Retention, anything_else_is_no_rule) {
  for (const char* text :
       {"", "age", "age 7", "age -7d", "7d", "age 7d,", ",age 7d", "age 7d events 5", "events 5mb",
        "bytes 5tb", "age 99999999999999d", "bytes 99999999999gb", "events 99999999999999999999",
        "size 5", "age 7d;events 5"}) {
    EXPECT_FALSE(parse_retention(text, kDefaults)) << text;
  }
}

TEST(RetentionRules, the_longest_name_decides) {
  EventlogConfig config;
  config.events_max = 9;
  config.rooms = {{"challenge_{id}", "events 1"},
                  {"challenge_vip_{id}", "events 2"},
                  {"challenge_vip_1", "events 3"},
                  {"market", "events 4"}};
  const RetentionRules rules(config);
  const auto events_of = [&rules](std::string_view room) {
    return rules.rules()[rules.rule_of(room)].events_max;
  };
  EXPECT_EQ(events_of("challenge_7"), 1U);
  EXPECT_EQ(events_of("challenge_vip_7"), 2U);
  EXPECT_EQ(events_of("challenge_vip_1"), 3U);
  EXPECT_EQ(events_of("market"), 4U);
  EXPECT_EQ(events_of("market_updates"), 9U);
  EXPECT_EQ(events_of(""), 9U);
}

}  // namespace
}  // namespace outcry::config
