// Against a real redis-server.
#include "bus/redis_subscriber.h"

#include <optional>

#include <boost/asio/io_context.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "bus/redis_publisher.h"
#include "bus/redis_server_for_test.h"

namespace outcry::bus {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr milliseconds kGivenUp{60'000};  // a test that waits so long has failed

// A user who may use only the channel "allowed".
const std::vector<std::string> kLimitedUser{"ACL", "SETUSER", "limited",       "on",
                                            ">pw", "+@all",   "resetchannels", "&allowed"};

struct Heard {
  BusMessageKind kind;
  std::string channel;
  std::string namespace_name;
  std::string payload;

  bool operator==(const Heard&) const = default;
};

class RedisSubscriberTest : public testing::Test {
 protected:
  RedisSubscriberTest() {
    options_.endpoint = {.host = "127.0.0.1", .port = port_};
    options_.python_channels = {"tradesense_websocket"};
    options_.reconnect_min = milliseconds(1);
    options_.reconnect_max = milliseconds(20);
    // Generous, so that a busy machine isn't taken for a dead server; the test of silence sets
    // less.
    options_.connect_timeout = milliseconds(20'000);
    options_.silence_max = milliseconds(20'000);
  }

  void start() {
    subscriber_.emplace(io_, options_,
                        RedisSubscriberHandlers{
                            [this](const BusMessage& message) { return hear(message); },
                            [this] { ++batches_; },
                            [this](const RedisState& state) { states_.push_back(state); },
                        });
    subscriber_->start();
  }

  std::error_code hear(const BusMessage& message) {
    heard_.push_back({message.kind, std::string(message.channel),
                      std::string(message.namespace_name), std::string(as_text(message.payload))});
    return message.payload.empty() ? std::make_error_code(std::errc::bad_message)
                                   : std::error_code();
  }

  template <class Condition>
  [[nodiscard]] bool run_until(Condition condition) {
    const TimePoint end = steady_now() + kGivenUp;
    while (!condition() && steady_now() < end) {
      io_.restart();
      io_.run_one_for(milliseconds(100));
    }
    return condition();
  }

  [[nodiscard]] bool run_until_connected() {
    return run_until([this] { return subscriber_->state().connected; });
  }

  [[nodiscard]] bool run_until_heard(std::size_t count) {
    return run_until([this, count] { return heard_.size() >= count; });
  }

  std::uint16_t port_ = free_port();
  boost::asio::io_context io_;
  RedisSubscriberOptions options_;
  std::vector<Heard> heard_;
  std::vector<RedisState> states_;
  std::size_t batches_ = 0;
  std::optional<RedisSubscriber> subscriber_;
};

TEST_F(RedisSubscriberTest, python_and_node_messages_come_with_their_subscription) {
  const RedisServer server(port_);
  options_.node_prefixes = {"socket.io"};
  options_.namespaces = {"/", "/chat"};
  start();
  ASSERT_TRUE(run_until_connected());
  RedisClient client(port_);
  client.publish("tradesense_websocket", "{}");
  client.publish("socket.io#/#", "a");
  client.publish("socket.io#/#room#1#", "b");
  client.publish("socket.io#/chat#", "c");
  client.publish("socket.io-request#/#", "d");
  client.publish("socket.io-response#/#", "not for us");
  client.publish("socket.io#/other#", "not served");
  client.publish("tradesense_websocket", "last");
  ASSERT_TRUE(run_until_heard(6));
  EXPECT_THAT(heard_,
              ElementsAre(Heard{BusMessageKind::python, "tradesense_websocket", "", "{}"},
                          Heard{BusMessageKind::node_broadcast, "socket.io#/#", "/", "a"},
                          Heard{BusMessageKind::node_broadcast, "socket.io#/#room#1#", "/", "b"},
                          Heard{BusMessageKind::node_broadcast, "socket.io#/chat#", "/chat", "c"},
                          Heard{BusMessageKind::node_request, "socket.io-request#/#", "/", "d"},
                          Heard{BusMessageKind::python, "tradesense_websocket", "", "last"}));
}

TEST_F(RedisSubscriberTest, node_servers_do_not_count_us) {
  const RedisServer server(port_);
  options_.python_channels.clear();
  options_.node_prefixes = {"socket.io"};
  start();
  ASSERT_TRUE(run_until_connected());
  // PUBLISH answers with the number of receivers; PUBSUB NUMSUB with that of exact subscriptions.
  RedisClient client(port_);
  EXPECT_EQ(client.command({"EVAL", "return tostring(redis.call('PUBSUB','NUMSUB',ARGV[1])[2])",
                            "0", "socket.io-request#/#"}),
            "0");
}

TEST_F(RedisSubscriberTest, without_a_server_it_says_so_and_connects_once_there_is_one) {
  start();
  ASSERT_TRUE(run_until([this] { return subscriber_->stats().failed_attempts >= 3; }));
  EXPECT_FALSE(subscriber_->state().connected);
  EXPECT_EQ(subscriber_->state().error, RedisError::unreachable);
  EXPECT_THAT(subscriber_->state().reason, HasSubstr("127.0.0.1"));
  EXPECT_EQ(states_.size(), 1);  // the same reason again is no news

  const RedisServer server(port_);
  ASSERT_TRUE(run_until_connected());
  EXPECT_EQ(states_.size(), 2);
}

TEST_F(RedisSubscriberTest, a_server_that_went_away_is_found_again_when_it_returns) {
  std::optional<RedisServer> server(std::in_place, port_);
  start();
  ASSERT_TRUE(run_until_connected());
  server.reset();
  ASSERT_TRUE(run_until([this] { return !subscriber_->state().connected; }));
  EXPECT_EQ(states_.back().error, RedisError::connection_lost);
  EXPECT_EQ(subscriber_->stats().disconnects, 1);

  server.emplace(port_);
  ASSERT_TRUE(run_until_connected());
  EXPECT_EQ(subscriber_->stats().reconnects(), 1);
  RedisClient(port_).publish("tradesense_websocket", "again");
  ASSERT_TRUE(run_until_heard(1));
  EXPECT_EQ(heard_[0].payload, "again");
}

TEST_F(RedisSubscriberTest, a_server_that_falls_silent_is_given_up) {
  options_.heartbeat = milliseconds(20);
  options_.silence_max = milliseconds(200);
  options_.connect_timeout = milliseconds(200);
  const RedisServer server(port_);
  start();
  ASSERT_TRUE(run_until_connected());
  server.pause();
  ASSERT_TRUE(run_until([this] { return !subscriber_->state().connected; }));
  EXPECT_EQ(states_.back().error, RedisError::no_answer);

  // The kernel still accepts for a stopped server: connecting must be given up as well.
  ASSERT_TRUE(run_until([this] { return subscriber_->stats().failed_attempts >= 2; }));
  EXPECT_EQ(subscriber_->state().error, RedisError::no_answer);
  server.resume();
  ASSERT_TRUE(run_until_connected());
}

TEST_F(RedisSubscriberTest, a_quiet_server_that_answers_pings_is_alive) {
  options_.heartbeat = milliseconds(1);
  options_.silence_max = milliseconds(20'000);
  const RedisServer server(port_);
  start();
  ASSERT_TRUE(run_until_connected());
  RedisClient client(port_);
  ASSERT_TRUE(run_until([&] {
    return client.command({"INFO", "commandstats"}).find("cmdstat_ping") != std::string::npos;
  }));
  EXPECT_TRUE(subscriber_->state().connected);
  EXPECT_TRUE(heard_.empty());
  EXPECT_EQ(batches_, 0);
}

TEST_F(RedisSubscriberTest, a_wrong_password_is_named_without_being_shown) {
  const RedisServer server(port_, {"--requirepass", "correct"});
  options_.endpoint.password = "hunter2";
  start();
  ASSERT_TRUE(run_until([this] { return subscriber_->stats().failed_attempts >= 1; }));
  EXPECT_EQ(subscriber_->state().error, RedisError::refused);
  EXPECT_THAT(subscriber_->state().reason, HasSubstr("AUTH was refused: WRONGPASS"));
  EXPECT_THAT(subscriber_->state().reason, testing::Not(HasSubstr("hunter2")));
}

TEST_F(RedisSubscriberTest, password_and_database_are_used) {
  const RedisServer server(port_, {"--requirepass", "correct"});
  options_.endpoint.password = "correct";
  options_.endpoint.database = 3;
  start();
  ASSERT_TRUE(run_until_connected());
}

TEST_F(RedisSubscriberTest, a_channel_that_the_acl_forbids_is_a_readable_refusal) {
  const RedisServer server(port_);
  RedisClient(port_).command(kLimitedUser);
  options_.endpoint.user = "limited";
  options_.endpoint.password = "pw";
  start();
  ASSERT_TRUE(run_until([this] { return subscriber_->stats().failed_attempts >= 1; }));
  EXPECT_EQ(subscriber_->state().error, RedisError::refused);
  EXPECT_THAT(subscriber_->state().reason, HasSubstr("NOPERM"));
}

TEST_F(RedisSubscriberTest, the_largest_message_passes_and_one_byte_more_is_counted) {
  options_.message_bytes_max = 1'000'000;
  const RedisServer server(port_);
  start();
  ASSERT_TRUE(run_until_connected());
  RedisClient client(port_);
  client.publish("tradesense_websocket", std::string(1'000'000, 'x'));
  client.publish("tradesense_websocket", std::string(1'000'001, 'y'));
  client.publish("tradesense_websocket", "next");
  ASSERT_TRUE(run_until_heard(2));
  EXPECT_EQ(heard_[0].payload.size(), 1'000'000);
  EXPECT_EQ(heard_[1].payload, "next");
  EXPECT_EQ(subscriber_->stats().oversize, 1);
  EXPECT_EQ(subscriber_->stats().messages, 2);
  EXPECT_EQ(subscriber_->stats().bytes, 1'000'004);
}

TEST_F(RedisSubscriberTest, a_message_over_the_limit_costs_nobody_elses_message) {
  options_.message_bytes_max = 1000;
  const RedisServer server(port_);
  start();
  ASSERT_TRUE(run_until_connected());
  RedisClient client(port_);
  client.publish("tradesense_websocket", std::string(5'000'000, 'x'));
  client.publish("tradesense_websocket", "small");
  ASSERT_TRUE(run_until_heard(1));
  EXPECT_EQ(heard_[0].payload, "small");
  EXPECT_EQ(subscriber_->stats().oversize, 1);
  EXPECT_EQ(subscriber_->stats().reconnects(), 0);
}

TEST_F(RedisSubscriberTest, a_message_far_over_the_limit_costs_the_connection_not_the_memory) {
  options_.message_bytes_max = 1000;
  const RedisServer server(port_, {"--client-output-buffer-limit", "pubsub 0 0 0"});
  start();
  ASSERT_TRUE(run_until_connected());
  RedisClient client(port_);
  client.publish("tradesense_websocket", std::string(40'000'000, 'x'));
  ASSERT_TRUE(run_until([this] { return subscriber_->stats().reconnects() == 1; }));
  EXPECT_EQ(subscriber_->stats().oversize, 1);
  client.publish("tradesense_websocket", "small");
  ASSERT_TRUE(run_until_heard(1));
  EXPECT_EQ(heard_[0].payload, "small");
}

TEST_F(RedisSubscriberTest, a_burst_comes_in_order_and_in_few_batches) {
  constexpr std::size_t kCount = 100'000;
  const RedisServer server(port_, {"--client-output-buffer-limit", "pubsub 0 0 0"});
  start();
  ASSERT_TRUE(run_until_connected());
  RedisClient client(port_);
  for (std::size_t i = 0; i < kCount; ++i) {
    client.append_publish("tradesense_websocket", std::to_string(i));
  }
  client.answers(kCount);
  ASSERT_TRUE(run_until_heard(kCount));
  for (std::size_t i = 0; i < kCount; ++i) ASSERT_EQ(heard_[i].payload, std::to_string(i));
  EXPECT_EQ(heard_.size(), kCount);
  EXPECT_GE(batches_, 1);
  EXPECT_LT(batches_, kCount / 100);
}

TEST_F(RedisSubscriberTest, what_the_handler_cannot_decode_is_counted_by_reason) {
  const RedisServer server(port_);
  start();
  ASSERT_TRUE(run_until_connected());
  RedisClient client(port_);
  client.publish("tradesense_websocket", "");
  client.publish("tradesense_websocket", "");
  client.publish("tradesense_websocket", "good");
  ASSERT_TRUE(run_until_heard(3));
  const std::string reason = std::make_error_code(std::errc::bad_message).message();
  EXPECT_THAT(subscriber_->stats().decode_failures, ElementsAre(testing::Pair(reason, 2)));
}

TEST_F(RedisSubscriberTest, nothing_is_called_after_stop) {
  const RedisServer server(port_);
  start();
  ASSERT_TRUE(run_until_connected());
  RedisClient(port_).publish("tradesense_websocket", "late");
  const std::size_t states = states_.size();
  subscriber_->stop();
  io_.restart();
  io_.run();  // returns: nothing is left to wait for
  EXPECT_TRUE(heard_.empty());
  EXPECT_EQ(states_.size(), states);
}

TEST_F(RedisSubscriberTest, the_subscriber_may_be_destroyed_while_it_connects) {
  const RedisServer server(port_);
  start();
  subscriber_.reset();
  io_.run();
  EXPECT_TRUE(states_.empty());
}

class RedisPublisherTest : public RedisSubscriberTest {
 protected:
  RedisPublisherTest() {
    publisher_options_.endpoint = options_.endpoint;
    publisher_options_.reconnect_min = milliseconds(1);
    publisher_options_.reconnect_max = milliseconds(20);
    publisher_options_.connect_timeout = milliseconds(20'000);
    publisher_options_.silence_max = milliseconds(20'000);
  }

  void start_publisher() {
    publisher_.emplace(io_, publisher_options_);
    publisher_->start();
  }
  [[nodiscard]] bool run_until_publisher_connected() {
    return run_until([this] { return publisher_->state().connected; });
  }

  RedisPublisherOptions publisher_options_;
  std::optional<RedisPublisher> publisher_;
};

TEST_F(RedisPublisherTest, what_it_publishes_reaches_a_subscriber) {
  const RedisServer server(port_);
  start();
  start_publisher();
  ASSERT_TRUE(run_until_connected() && run_until_publisher_connected());
  for (int i = 0; i < 100; ++i) {
    EXPECT_TRUE(publisher_->publish("tradesense_websocket", std::to_string(i)));
  }
  ASSERT_TRUE(run_until_heard(100));
  ASSERT_TRUE(run_until([this] { return publisher_->stats().published == 100; }));
  EXPECT_EQ(heard_.back().payload, "99");
}

TEST_F(RedisPublisherTest, away_and_full_are_dropped_and_told_apart) {
  std::optional<RedisServer> server(std::in_place, port_);
  publisher_options_.unanswered_max = 2;
  start_publisher();
  EXPECT_FALSE(publisher_->publish("c", "too early"));
  EXPECT_EQ(publisher_->stats().dropped_away, 1);
  ASSERT_TRUE(run_until_publisher_connected());
  server->pause();
  EXPECT_TRUE(publisher_->publish("c", "1"));
  EXPECT_TRUE(publisher_->publish("c", "2"));
  EXPECT_FALSE(publisher_->publish("c", "3"));
  EXPECT_EQ(publisher_->stats().dropped_full, 1);
  server.reset();
  ASSERT_TRUE(run_until([this] { return !publisher_->state().connected; }));
  EXPECT_EQ(publisher_->stats().lost_in_flight, 2);
}

TEST_F(RedisPublisherTest, a_refusal_is_counted_and_the_connection_stays) {
  const RedisServer server(port_);
  RedisClient(port_).command(kLimitedUser);
  publisher_options_.endpoint.user = "limited";
  publisher_options_.endpoint.password = "pw";
  start_publisher();
  ASSERT_TRUE(run_until_publisher_connected());
  EXPECT_TRUE(publisher_->publish("forbidden", "x"));
  EXPECT_TRUE(publisher_->publish("allowed", "x"));
  ASSERT_TRUE(run_until([this] { return publisher_->stats().published == 1; }));
  EXPECT_EQ(publisher_->stats().refused, 1);
  EXPECT_TRUE(publisher_->state().connected);
}

TEST(GlobEscaped, only_the_pattern_characters_change) {
  EXPECT_EQ(glob_escaped("socket.io#/#"), "socket.io#/#");
  EXPECT_EQ(glob_escaped("a*b?[c]\\"), "a\\*b\\?\\[c\\]\\\\");
}

}  // namespace
}  // namespace outcry::bus
