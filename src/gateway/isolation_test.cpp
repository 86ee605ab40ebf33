// Who owns a room changes while everybody joins, leaves, drops and comes back at once. Whatever
// overtakes whatever: an event is heard by nobody who hasn't owned its room since it was published,
// by nobody twice, and by its owner if he was in the room.
#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <optional>
#include <random>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gateway/gateway_fixture.h"

namespace outcry::gateway {
namespace {

using test::Client;
using testing::HasSubstr;

std::string room_name(int challenge) {
  return fmt::format("challenge_{}", challenge);
}
std::string command(const char* event, int challenge, std::string_view ack_id = {}) {
  return fmt::format(R"(42{}["{}",{{"challenge_id":"{}"}}])", ack_id, event, challenge);
}

/// The number of `42["news",17,…]`; nullopt for any other packet.
std::optional<int> news_number(std::string_view packet) {
  constexpr std::string_view kStart = R"(42["news",)";
  if (!packet.starts_with(kStart)) return std::nullopt;
  int number = 0;
  const char* const from = packet.data() + kStart.size();
  const auto [end, error] = std::from_chars(from, packet.data() + packet.size(), number);
  return error == std::errc() ? std::optional(number) : std::nullopt;
}
/// The text of a member; empty if there is none.
std::string text_of(std::string_view packet, std::string_view member) {
  const std::string start = fmt::format(R"("{}":")", member);
  const std::size_t at = packet.find(start);
  if (at == std::string_view::npos) return {};
  const std::size_t from = at + start.size();
  return std::string(packet.substr(from, packet.find('"', from) - from));
}
/// The position that is an event's last argument, as stock clients keep it.
std::string position_of(std::string_view packet) {
  constexpr std::size_t kPosition = 22;
  const bool ends_with_text = packet.starts_with("42[") && packet.ends_with("\"]");
  const std::size_t from = ends_with_text ? packet.rfind('"', packet.size() - 3) : 0;
  const bool fits = ends_with_text && packet.size() - from == kPosition + 3;
  return fits ? std::string(packet.substr(from + 1, kPosition)) : std::string();
}

struct Browser {
  std::unique_ptr<Client> client;
  std::string sid, pid, offset;
  std::set<int> expected;  // numbers that it must have heard when it is finished
  std::map<int, int> heard;
};

struct Published {
  int challenge = 0;
  std::set<int> owners;  // since then: who comes into a room may have its past
};

class IsolationTest : public GatewayTest, public testing::WithParamInterface<unsigned> {
 protected:
  void SetUp() override {
    use_store();
    config_.store.cache_denied = milliseconds(0);  // a new owner may come in at once
    config_.eventlog.events_max = 100'000;         // so that who comes back gets what he missed
    start();
    for (int challenge = 0; challenge < kChallenges; ++challenge) {
      owners_[challenge] = owner_of(challenge);
    }
    for (int user = 0; user < kUsers; ++user) arrive(user);
  }
  int pick(int below) { return static_cast<int>(random_() % static_cast<unsigned>(below)); }
  /// A browser that owns something is picked more often: there is more to go wrong.
  int pick_user() { return pick(2) == 0 ? owners_[pick(kChallenges)] : pick(kUsers); }

  /// Comes back as the socket that it was, if there is one.
  void arrive(int user) {
    Browser& browser = browsers_[user];
    browser.client = std::make_unique<Client>(port());
    const std::string back = browser.pid.empty() ? std::string()
                                                 : fmt::format(R"("pid":"{}","offset":"{}",)",
                                                               browser.pid, browser.offset);
    browser.client->send(fmt::format(R"(40{{{}"recovery":true,"token":"{}"}})", back,
                                     test::token_of(user_name(user))));
    for (;;) {
      const std::string packet = browser.client->receive();
      ASSERT_NE(packet, "") << "the connection of " << user_name(user) << " ended";
      if (packet.starts_with("40{")) {
        browser.sid = text_of(packet, "sid");
        browser.pid = text_of(packet, "pid");
        ASSERT_NE(browser.pid, "");
        return;
      }
      take(browser, packet);  // nothing yet: what it missed follows the answer
    }
  }
  void drop(int user) {
    browsers_[user].client.reset();
    browsers_[user].expected.clear();  // it may have been in no room, or miss more than is kept
  }
  static void take(Browser& browser, const std::string& packet) {
    if (const std::string position = position_of(packet); !position.empty()) {
      browser.offset = position;
    }
    if (const auto number = news_number(packet)) ++browser.heard[*number];
  }
  /// Sends a command and reads up to its acknowledgement.
  std::string ask(Browser& browser, const char* event, int challenge) {
    browser.client->send(command(event, challenge, "9"));
    for (;;) {
      std::string packet = browser.client->receive();
      if (packet.empty() || packet.starts_with("439")) return packet;
      take(browser, packet);
    }
  }
  int publish_to(int challenge) {
    const int number = next_id_;
    EXPECT_TRUE(publish({.rooms = {room_name(challenge)}}, std::to_string(number)));
    published_[number] = {.challenge = challenge, .owners = {owners_[challenge]}};
    return number;
  }
  /// The owner is in the room for certain when this is published.
  void publish_to_owner(int challenge) {
    const int user = owners_[challenge];
    Browser& browser = browsers_[user];
    for (std::string answer; answer.find(R"("status":"ok")") == std::string::npos;) {
      answer = ask(browser, "join_challenge", challenge);
      ASSERT_NE(answer, "");
      ASSERT_THAT(answer, testing::Not(HasSubstr("forbidden"))) << "its owner is refused";
    }
    browser.expected.insert(publish_to(challenge));
  }
  /// The back end gives a challenge to another user, and then says so.
  void transfer(int challenge, int to) {
    const int from = std::exchange(owners_[challenge], to);
    ASSERT_NO_FATAL_FAILURE(run_sql(fmt::format(
        "UPDATE challenges SET user_id = '{}' WHERE id = '{}'", user_name(to), challenge)));
    std::promise<Result<std::size_t>> done;
    boost::asio::post(io_, [&] {
      gateway_->remove_member({.room = room_name(challenge), .user = user_name(from)},
                              [&](Result<std::size_t> left) { done.set_value(left); });
    });
    ASSERT_TRUE(done.get_future().get());
    for (auto& [number, event] : published_) {
      if (event.challenge == challenge) event.owners.insert(to);
    }
  }
  /// Reads all that was published until now, and checks all that was ever heard.
  void finish(int user) {
    Browser& browser = browsers_[user];
    const int mark = next_id_;
    ASSERT_TRUE(publish({.rooms = {browser.sid}}, std::to_string(mark)));
    published_[mark] = {.challenge = -1, .owners = {user}};
    while (!browser.heard.contains(mark)) {
      const std::string packet = browser.client->receive();
      ASSERT_NE(packet, "") << "the connection of " << user_name(user) << " ended";
      take(browser, packet);
    }
    for (const auto& [number, times] : browser.heard) {
      const Published& event = published_.at(number);
      EXPECT_TRUE(event.owners.contains(user))
          << user_name(user) << " heard " << number << " of challenge " << event.challenge;
      EXPECT_EQ(times, 1) << user_name(user) << " heard " << number;
    }
    for (const int number : browser.expected) {
      EXPECT_TRUE(browser.heard.contains(number)) << user_name(user) << " missed " << number;
    }
  }
  /// Events of challenges, each once for everybody who heard it.
  std::size_t heard_by_all() const {
    std::size_t out = 0;
    for (const Browser& browser : browsers_) {
      out += static_cast<std::size_t>(std::ranges::count_if(browser.heard, [this](const auto& one) {
        return published_.at(one.first).challenge >= 0;
      }));
    }
    return out;
  }

  std::mt19937 random_{GetParam()};
  std::array<int, kChallenges> owners_{};
  std::array<Browser, kUsers> browsers_;
  std::map<int, Published> published_;
};

TEST_P(IsolationTest, nobody_hears_an_event_of_a_room_that_was_never_his_since) {
  SCOPED_TRACE(fmt::format("seed {}", GetParam()));
  for (int step = 0; step < 4'000 && !HasFatalFailure(); ++step) {
    const int user = pick_user();
    const int challenge = pick(kChallenges);
    const int action = pick(40);
    if (action < 10) {
      browsers_[user].client->send(command("join_challenge", challenge));
    } else if (action < 14) {
      browsers_[user].client->send(command("leave_challenge", challenge));
      browsers_[user].expected.clear();
    } else if (action < 16) {
      // The old owner is on his way in, once more, while he loses it.
      browsers_[owners_[challenge]].client->send(command("join_challenge", challenge));
      transfer(challenge, pick(kUsers));
      (void)publish_to(challenge);
    } else if (action < 18) {
      drop(user);
      if (pick(2) == 0) (void)publish_to(challenge);
      if (pick(3) == 0) transfer(challenge, pick(kUsers));
      arrive(user);
    } else if (action == 18) {
      browsers_[user].pid.clear();  // as another socket
      drop(user);
      arrive(user);
    } else if (action < 24) {
      publish_to_owner(challenge);
    } else if (action == 24) {
      finish(user);
    } else {
      (void)publish_to(challenge);
    }
  }
  for (int user = 0; user < kUsers && !HasFatalFailure(); ++user) finish(user);
  ASSERT_FALSE(HasFatalFailure());
  EXPECT_GT(heard_by_all(), published_.size() / 4) << "or it has shown nothing";
}

INSTANTIATE_TEST_SUITE_P(seeds, IsolationTest, testing::Values(1u, 7u, 20'251u, 987'654u));

}  // namespace
}  // namespace outcry::gateway
