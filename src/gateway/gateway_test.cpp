// Promises that the whole gateway keeps.
#include <algorithm>
#include <array>
#include <map>
#include <random>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gateway/gateway_fixture.h"

namespace outcry::gateway {
namespace {

using test::Client;
using testing::HasSubstr;

// ---- What is promised to everyone, over random histories ----

/// A user's browser, and what it must have heard.
struct Browser {
  std::unique_ptr<Client> client;
  std::string sid;
  std::set<int> rooms;
  std::vector<std::string> heard;
  std::vector<std::string> expected;
};

bool is_news(std::string_view packet) {
  return packet.starts_with(R"(42["news",)");
}

class RandomHistoryTest : public GatewayTest, public testing::WithParamInterface<unsigned> {
 protected:
  void SetUp() override {
    use_store();
    start();
    for (int i = 0; i < kUsers; ++i) arrive(i);
  }
  int pick(int below) { return static_cast<int>(random_() % static_cast<unsigned>(below)); }

  void arrive(int user) {
    Browser& browser = browsers_[user];
    browser.client = std::make_unique<Client>(port());
    browser.sid = browser.client->connect_as(user_name(user));
  }
  void leave_without_a_word(int user) {
    finish(user);
    browsers_[user] = {};
  }
  static std::string command(const char* event, int challenge, std::string_view ack_id = {}) {
    return fmt::format(R"(42{}["{}",{{"challenge_id":"{}"}}])", ack_id, event, challenge);
  }
  /// Sends a command and reads up to its acknowledgement; what else came is noted.
  std::string ask(Browser& browser, const char* event, int challenge) {
    browser.client->send(command(event, challenge, "9"));
    for (;;) {
      std::string packet = browser.client->receive();
      if (packet.empty() || packet.starts_with("439")) return packet;
      if (is_news(packet)) browser.heard.push_back(packet);
    }
  }
  /// Reads what was published to the browser before now, and compares.
  void finish(int user) {
    Browser& browser = browsers_[user];
    const std::string mark = fmt::format("\"mark {}\"", next_id_);
    ASSERT_TRUE(publish({.rooms = {browser.sid}}, mark));
    const std::string last = fmt::format(R"(42["news",{}])", mark);
    for (std::string packet = browser.client->receive(); packet != last;
         packet = browser.client->receive()) {
      ASSERT_NE(packet, "");
      if (is_news(packet)) browser.heard.push_back(packet);
    }
  }

  bus::Audience random_audience() {
    bus::Audience audience{.everyone = pick(8) == 0};
    if (!audience.everyone) {
      for (int i = 0, rooms = 1 + pick(3); i < rooms; ++i) {
        audience.rooms.push_back(fmt::format("challenge_{}", pick(kChallenges)));
      }
    }
    if (pick(3) == 0) audience.except.push_back(fmt::format("challenge_{}", pick(kChallenges)));
    if (pick(3) == 0) audience.except.push_back(browsers_[pick(kUsers)].sid);
    return audience;
  }
  static bool concerns(const Browser& browser, const std::vector<std::string>& rooms) {
    return std::ranges::any_of(rooms, [&](const std::string& room) {
      return room == browser.sid || std::ranges::any_of(browser.rooms, [&](int challenge) {
               return room == fmt::format("challenge_{}", challenge);
             });
    });
  }
  void publish_somewhere() {
    const bus::Audience audience = random_audience();
    const int number = next_id_;
    ASSERT_TRUE(publish(audience, std::to_string(number)));
    for (Browser& browser : browsers_) {
      if (concerns(browser, audience.except)) continue;
      if (!audience.everyone && !concerns(browser, audience.rooms)) continue;
      browser.expected.push_back(fmt::format(R"(42["news",{}])", number));
    }
  }

  std::mt19937 random_{GetParam()};
  std::array<Browser, kUsers> browsers_;
};

TEST_P(RandomHistoryTest, everyone_hears_what_is_his_once_in_order_and_nothing_else) {
  for (int step = 0; step < 1200; ++step) {
    const int user = pick(kUsers);
    Browser& browser = browsers_[user];
    const int challenge = pick(kChallenges);
    const int action = pick(20);
    if (action < 7) {
      const bool owner = owner_of(challenge) == user;
      const std::string answer = ask(browser, "join_challenge", challenge);
      ASSERT_THAT(answer, HasSubstr(owner ? R"("status":"ok")" : R"("code":"forbidden")"));
      if (owner) browser.rooms.insert(challenge);
    } else if (action < 9) {
      ASSERT_THAT(ask(browser, "leave_challenge", challenge), HasSubstr("ok"));
      browser.rooms.erase(challenge);
    } else if (action < 10) {
      const auto expected = browser.expected;
      finish(user);
      ASSERT_EQ(browser.heard, expected);
      leave_without_a_word(user);
      arrive(user);
    } else {
      ASSERT_NO_FATAL_FAILURE(publish_somewhere());
    }
  }
  for (int user = 0; user < kUsers; ++user) {
    ASSERT_NO_FATAL_FAILURE(finish(user));
    EXPECT_EQ(browsers_[user].heard, browsers_[user].expected) << user_name(user);
    browsers_[user] = {};
  }
  wait_until_zero("outcry_sockets");
  wait_until_zero("outcry_rooms_indexed");
}

// Nobody waits for answers here, so joins, leaves, closes and events overtake each other.
TEST_P(RandomHistoryTest, in_any_race_nobody_hears_what_is_not_his) {
  std::map<int, int> room_of_event;
  for (int step = 0; step < 3000; ++step) {
    const int user = pick(kUsers);
    const int challenge = pick(kChallenges);
    const int action = pick(20);
    if (action < 6) {
      browsers_[user].client->send(command("join_challenge", challenge));
    } else if (action < 10) {
      browsers_[user].client->send(command("leave_challenge", challenge));
    } else if (action == 10) {
      browsers_[user] = {};
      arrive(user);
    } else {
      room_of_event[next_id_] = challenge;
      const int number = next_id_;
      ASSERT_TRUE(
          publish({.rooms = {fmt::format("challenge_{}", challenge)}}, std::to_string(number)));
    }
  }
  for (int user = 0; user < kUsers; ++user) {
    ASSERT_NO_FATAL_FAILURE(finish(user));
    std::map<int, int> last_of_room;
    for (const std::string& packet : browsers_[user].heard) {
      const int number = std::stoi(packet.substr(packet.find(',') + 1));
      const int challenge = room_of_event.at(number);
      EXPECT_EQ(owner_of(challenge), user);
      EXPECT_LT(std::exchange(last_of_room[challenge], number), number) << "twice, or out of order";
    }
    browsers_[user] = {};
  }
  wait_until_zero("outcry_sockets");
  wait_until_zero("outcry_rooms_indexed");
}

INSTANTIATE_TEST_SUITE_P(seeds, RandomHistoryTest, testing::Values(1u, 20'251u));

// ---- Single cases ----

TEST_F(GatewayTest, without_a_store_an_owned_room_is_unavailable) {
  start();
  Client client(port());
  client.connect_as("user0");
  client.send(R"(42["join_challenge",{"challenge_id":"0"}])");
  EXPECT_THAT(client.receive(), HasSubstr(R"("code":"unavailable","retryable":true)"));
  wait_until_zero("outcry_rooms_indexed");
}

TEST_F(GatewayTest, a_missing_database_makes_joins_unavailable_and_the_node_unready) {
  use_store();
  config_.store.url = "sqlite:" + (directory_ / "not-there.db").string();
  start();
  Client client(port());
  client.connect_as("user0");
  client.send(R"(42["join_challenge",{"challenge_id":"0"}])");
  EXPECT_THAT(client.receive(), HasSubstr(R"("code":"unavailable")"));
  while (on_control([&] { return gateway_->readiness().ready(); })) std::this_thread::yield();
}

TEST_F(GatewayTest, who_joins_later_gets_the_newest_values_before_the_answer) {
  use_store();
  start();
  const auto state = [&](const char* event, const char* text) {
    const bus::Publication publication{.audience = {.rooms = {"challenge_0"}},
                                       .event = event,
                                       .arguments = text,
                                       .id = fmt::format("id-{}", next_id_++)};
    EXPECT_TRUE(publish(publication));
  };
  state("equity_updated", "1");
  state("challenge_status_changed", "2");
  state("equity_updated", "3");
  state("risk_alert", "4");  // not a state
  Client client(port());
  client.connect_as("user0");
  client.send(R"(42["join_challenge",{"challenge_id":"0"}])");
  EXPECT_EQ(client.receive(), R"(42["challenge_status_changed",2])");
  EXPECT_EQ(client.receive(), R"(42["CHALLENGE_STATUS_CHANGED",2])");
  EXPECT_EQ(client.receive(), R"(42["equity_updated",3])");
  EXPECT_EQ(client.receive(), R"(42["EQUITY_UPDATED",3])");
  EXPECT_THAT(client.receive(), HasSubstr("joined_challenge"));
}

TEST_F(GatewayTest, latest_events_that_come_too_fast_are_held_back_and_the_newest_is_sent) {
  config_.events.latest = {"equity_updated"};
  config_.events.latest_interval = milliseconds(300);
  start();
  Client client(port());
  client.connect_as("user0");
  const auto say = [&](const char* event, const char* text) {
    const bus::Publication publication{.audience = {.everyone = true},
                                       .event = event,
                                       .arguments = text,
                                       .id = fmt::format("id-{}", next_id_++)};
    EXPECT_TRUE(publish(publication));
  };
  for (const char* text : {"1", "2", "3"}) say("equity_updated", text);
  say("news", "4");
  EXPECT_EQ(client.receive(), R"(42["equity_updated",1])");
  EXPECT_EQ(client.receive(), R"(42["EQUITY_UPDATED",1])");
  EXPECT_EQ(client.receive(), R"(42["news",4])");
  EXPECT_EQ(client.receive(), R"(42["equity_updated",3])");
  EXPECT_EQ(client.receive(), R"(42["EQUITY_UPDATED",3])");
}

TEST_F(GatewayTest, an_id_that_was_accepted_is_answered_alike_and_not_delivered_again) {
  start();
  Client client(port());
  client.connect_as("user0");
  bus::Publication publication{.audience = {.everyone = true}, .event = "news", .id = "same"};
  publication.arguments = "1";
  const auto first = publish(publication);
  publication.arguments = "2";
  const auto second = publish(publication);
  ASSERT_TRUE(first && second);
  EXPECT_EQ(first->offset, second->offset);
  ASSERT_TRUE(publish({.everyone = true}, "3"));
  EXPECT_EQ(client.receive(), R"(42["news",1])");
  EXPECT_EQ(client.receive(), R"(42["news",3])");
}

TEST_F(GatewayTest, an_event_that_no_outbox_holds_under_all_its_names_is_refused) {
  config_.engine.outbox_bytes_max = 100'000;
  start();
  const auto sized = [](const char* event, std::size_t bytes, const char* id) {
    return bus::Publication{.audience = {.everyone = true},
                            .event = event,
                            .arguments = '"' + std::string(bytes, 'x') + '"',
                            .id = id};
  };
  EXPECT_TRUE(publish(sized("news", 60'000, "a")));
  const auto refused = publish(sized("equity_updated", 60'000, "b"));  // it has an alias
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error(), PublishError::too_big);
  EXPECT_EQ(publish({.namespace_name = "/none", .everyone = true}, "1").error(),
            PublishError::unknown_namespace);
}

TEST_F(GatewayTest, an_event_with_a_name_of_socket_ios_own_is_refused) {
  start();
  for (const char* event : {"connect", "connect_error", "disconnect", "disconnecting",
                            "newListener", "removeListener"}) {
    const auto refused =
        publish(bus::Publication{.audience = {.everyone = true}, .event = event, .arguments = "1"});
    ASSERT_FALSE(refused) << event;
    EXPECT_EQ(refused.error(), PublishError::reserved_name) << event;
  }
  EXPECT_TRUE(publish(bus::Publication{.audience = {.everyone = true}, .event = "connected"}));
}

TEST_F(GatewayTest, a_socket_is_reached_by_its_id_on_whatever_worker_it_is) {
  start();
  std::vector<std::unique_ptr<Client>> clients;
  std::vector<std::string> sids;
  for (int i = 0; i < 16; ++i) {  // on all workers, most likely
    clients.push_back(std::make_unique<Client>(port()));
    sids.push_back(clients.back()->connect_as(user_name(i)));
  }
  for (std::size_t i = 0; i < clients.size(); ++i) {
    ASSERT_TRUE(publish({.rooms = {sids[i]}}, std::to_string(i)));
    EXPECT_EQ(clients[i]->receive(), fmt::format(R"(42["news",{}])", i));
  }
}

TEST_F(GatewayTest, a_draining_gateway_refuses_events_and_is_not_ready) {
  start();
  Client client(port());
  client.connect_as("user0");
  on_control([&] { return gateway_->drain("SIGTERM"), 0; });
  EXPECT_EQ(client.receive(), "");
  EXPECT_EQ(publish({.everyone = true}, "1").error(), PublishError::unavailable);
  EXPECT_FALSE(on_control([&] { return gateway_->readiness().ready(); }));
  wait_until_zero("outcry_engine_sessions");
}

TEST_F(GatewayTest, what_was_posted_does_nothing_once_the_gateway_is_gone) {
  use_store();
  gateway_ = std::make_unique<Gateway>(io_, config_);
  gateway_->start();  // probes the store
  gateway_->collect_metrics([](auto) { FAIL() << "the gateway is gone"; });
  gateway_->publish({.audience = {.everyone = true}, .event = "news", .id = "a"},
                    [](const auto& receipt) { EXPECT_TRUE(receipt); });
  gateway_.reset();
  work_.reset();
  io_.run();  // ends, for nothing begins anew; sanitizers watch what runs
}

TEST_F(GatewayTest, a_stopped_gateway_leaves_nothing_running) {
  use_store();
  gateway_ = std::make_unique<Gateway>(io_, config_);
  gateway_->start();
  gateway_->stop();
  gateway_->publish(
      {.audience = {.everyone = true}, .event = "news", .id = "a"},
      [](const auto& receipt) { EXPECT_EQ(receipt.error(), PublishError::unavailable); });
  work_.reset();
  io_.run();
}

TEST_F(GatewayTest, it_ends_with_clients_that_live_and_joins_that_wait) {
  use_store();
  start();
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 16; ++i) {
    clients.push_back(std::make_unique<Client>(port()));
    clients.back()->connect_as(user_name(i % 4));
    clients.back()->send(R"(42["join_challenge",{"challenge_id":"0"}])");
  }
  stop();
  for (auto& client : clients) {
    while (!client->receive().empty()) {
    }
    EXPECT_EQ(client->receive(), "") << "the connection stays ended";
  }
}

}  // namespace
}  // namespace outcry::gateway
