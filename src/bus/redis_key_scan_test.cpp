// Against a real redis-server.
#include "bus/redis_key_scan.h"

#include <map>

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include "bus/redis_server_for_test.h"

namespace outcry::bus {
namespace {

class RedisKeyScanTest : public testing::Test {
 protected:
  RedisKeyScanTest() {
    options_.endpoint = {.host = "127.0.0.1", .port = port_};
    options_.prefix = "black[list]:";
    options_.pause = milliseconds(1);
    options_.connect_timeout = options_.answer_timeout = milliseconds(20'000);
  }
  void start() {
    scan_.emplace(io_, options_, [this](std::span<const ScannedKey> keys) {
      for (const ScannedKey& key : keys) found_[key.name] = key;
    });
    scan_->start();
  }
  template <class F>
  void until(F&& condition) {
    const TimePoint end = steady_now() + std::chrono::seconds(60);
    while (!condition() && steady_now() < end) io_.run_one_for(milliseconds(100));
    ASSERT_TRUE(condition());
  }
  void pass() {
    const auto before = scan_->stats().passes;
    until([&] { return scan_->stats().passes >= before + 2; });  // one began after the call
  }

  const std::uint16_t port_ = free_port();
  std::optional<RedisServer> server_{std::in_place, port_};
  boost::asio::io_context io_;
  RedisKeyScanOptions options_;
  std::optional<RedisKeyScan> scan_;
  std::map<std::string, ScannedKey> found_;
};

TEST(RedisKeyScan, takes_a_twentieth_of_the_time_at_most) {
  EXPECT_EQ(pause_after(milliseconds(2), milliseconds(500)), milliseconds(500));
  EXPECT_EQ(pause_after(seconds(1), milliseconds(500)), seconds(19));
}

TEST_F(RedisKeyScanTest, finds_the_keys_with_their_lifetimes_and_values) {
  RedisClient redis(port_);
  redis.command({"SET", "black[list]:a", "", "PX", "90000"});
  redis.command({"SET", "black[list]:user:u", std::string(100, '7')});
  redis.command({"RPUSH", "black[list]:list", "x"});
  redis.command({"SET", "blackl:no", "1"});
  start();
  pass();
  ASSERT_EQ(found_.size(), 3u);
  EXPECT_LE(found_["a"].lifetime, milliseconds(90'000));
  EXPECT_GT(found_["a"].lifetime, milliseconds(0));
  EXPECT_FALSE(found_["user:u"].lifetime);
  EXPECT_EQ(found_["user:u"].value, std::string(32, '7'));
  EXPECT_EQ(found_["list"].value, "");
  redis.command({"SET", "black[list]:later", "1"});
  pass();
  EXPECT_TRUE(found_.contains("later"));
}

TEST_F(RedisKeyScanTest, walks_all_pages_but_not_beyond_its_limit) {
  RedisClient redis(port_);
  for (int i = 0; i < 3'000; ++i) {
    redis.command({"SET", "black[list]:" + std::to_string(i), "1"});
  }
  start();
  pass();
  EXPECT_EQ(found_.size(), 3'000u);
  EXPECT_FALSE(scan_->stats().left_over);
  scan_.reset();
  options_.keys_max = 1'000;
  start();
  pass();
  EXPECT_TRUE(scan_->stats().left_over);
  EXPECT_LT(scan_->stats().keys, 2'000u);
}

TEST_F(RedisKeyScanTest, goes_on_when_the_server_comes_back) {
  start();
  pass();
  server_.reset();
  until([this] { return scan_->stats().failures > 0; });
  EXPECT_NE(scan_->stats().failure, "");
  server_.emplace(port_);
  RedisClient redis(port_);
  redis.command({"SET", "black[list]:b", "1"});
  until([this] { return found_.contains("b"); });
}

TEST_F(RedisKeyScanTest, nothing_is_told_after_its_end) {
  start();
  scan_->stop();
  io_.run_for(milliseconds(50));
  EXPECT_TRUE(found_.empty());
}

}  // namespace
}  // namespace outcry::bus
