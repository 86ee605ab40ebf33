#include "bus/redis_url.h"

#include <gtest/gtest.h>

namespace outcry::bus {
namespace {

std::error_code error_of(std::string_view url) {
  const auto endpoint = parse_redis_url(url);
  return endpoint ? std::error_code() : endpoint.error();
}

TEST(RedisUrl, port_and_database_have_redis_defaults) {
  const auto endpoint = parse_redis_url("redis://cache.internal");
  ASSERT_TRUE(endpoint);
  EXPECT_EQ(*endpoint, (RedisEndpoint{"cache.internal", 6379, "", "", 0}));
}

TEST(RedisUrl, all_parts_are_read) {
  const auto endpoint = parse_redis_url("redis://app:p%40ss%3aw@[::1]:6380/3");
  ASSERT_TRUE(endpoint);
  EXPECT_EQ(*endpoint, (RedisEndpoint{"::1", 6380, "app", "p@ss:w", 3}));
}

TEST(RedisUrl, a_password_needs_no_user_and_may_hold_an_at_sign) {
  const auto endpoint = parse_redis_url("redis://:a@b@10.0.0.1/");
  ASSERT_TRUE(endpoint);
  EXPECT_EQ(*endpoint, (RedisEndpoint{"10.0.0.1", 6379, "", "a@b", 0}));
}

TEST(RedisUrl, what_is_not_supported_is_named) {
  EXPECT_EQ(error_of("rediss://h"), RedisError::tls_unsupported);
  EXPECT_EQ(error_of("redis+sentinel://h:1/0/mymaster"), RedisError::sentinel_unsupported);
  EXPECT_EQ(error_of("unix:///run/redis.sock"), RedisError::unix_socket_unsupported);
  EXPECT_EQ(error_of("http://h"), RedisError::not_a_redis_url);
  EXPECT_EQ(error_of(""), RedisError::not_a_redis_url);
  EXPECT_EQ(error_of("redis://h?ssl=true"), RedisError::unknown_option);
}

TEST(RedisUrl, broken_parts_are_told_apart) {
  EXPECT_EQ(error_of("redis://"), RedisError::bad_host);
  EXPECT_EQ(error_of("redis://[::1"), RedisError::bad_host);
  EXPECT_EQ(error_of("redis://[::1]6379"), RedisError::bad_host);
  EXPECT_EQ(error_of("redis://h:0"), RedisError::bad_port);
  EXPECT_EQ(error_of("redis://h:65536"), RedisError::bad_port);
  EXPECT_EQ(error_of("redis://h:"), RedisError::bad_port);
  EXPECT_EQ(error_of("redis://h/x"), RedisError::bad_database);
  EXPECT_EQ(error_of("redis://h/65536"), RedisError::bad_database);
  EXPECT_EQ(error_of("redis://:%4@h"), RedisError::bad_escape);
  EXPECT_EQ(error_of("redis://secret@h"), RedisError::not_a_redis_url);
}

TEST(RedisUrl, people_see_no_password) {
  const auto endpoint = parse_redis_url("redis://u:hunter2@[::1]:1/2");
  ASSERT_TRUE(endpoint);
  EXPECT_EQ(redis_url_without_secrets(*endpoint), "redis://[::1]:1/2");
}

}  // namespace
}  // namespace outcry::bus
