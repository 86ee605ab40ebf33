#include "api/api_keys.h"

#include <gtest/gtest.h>

namespace outcry::api {
namespace {

TEST(ApiKeys, each_configured_key_opens_and_nothing_else_does) {
  const ApiKeys keys(std::vector<std::string>{"old-key", "new-key"});
  EXPECT_TRUE(keys.matches("old-key"));
  EXPECT_TRUE(keys.matches("new-key"));
  EXPECT_FALSE(keys.matches("old-ke"));
  EXPECT_FALSE(keys.matches("old-key "));
  EXPECT_FALSE(keys.matches(""));
}

TEST(ApiKeys, without_keys_nothing_opens_not_even_the_empty_one) {
  EXPECT_FALSE(ApiKeys({}).matches(""));
  EXPECT_FALSE(ApiKeys(std::vector<std::string>{""}).matches(""));
}

}  // namespace
}  // namespace outcry::api
