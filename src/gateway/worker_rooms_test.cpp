// Policies of rooms at one worker: what it decides by itself, what it asks, and how rights end.
#include <atomic>
#include <semaphore>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "auth/token_verifier.h"
#include "gateway/worker_fixture.h"

namespace outcry::gateway {
namespace {

using test::Client;
using test::kJoin;
using test::Verdict;
using testing::HasSubstr;
using testing::StartsWith;

std::string join_room(const std::string& room, const std::string& grant = {}) {
  std::string more = grant.empty() ? "" : R"(,"grant":")" + grant + '"';
  return R"(421["join_room",{"room":")" + room + '"' + more + "}]";
}

std::string grant_of(const std::string& user, const std::string& room) {
  const auto now = std::chrono::duration_cast<seconds>(wall_now().time_since_epoch()).count();
  return auth::sign_payload({.material = std::string(test::kGrantSecret)},
                            fmt::format(R"({{"type":"grant","sub":"{}","rooms":["{}"],)"
                                        R"("iat":{},"exp":{}}})",
                                        user, room, now, now + 60));
}

class WorkerRoomsTest : public test::WorkerFixture {
 protected:
  /// Skips the `error` event that comes before a refusal's acknowledgement.
  std::string refusal(Client& client) {
    EXPECT_THAT(client.receive(), StartsWith(R"(42["error")"));
    return client.receive();
  }
  /// Of a join that the worker knows to be forbidden: control counts it.
  std::string refusal_by_control(Client& client) {
    const JoinRequest request = next<JoinRequest>();
    EXPECT_TRUE(request.forbidden);
    EXPECT_FALSE(request.question);
    EXPECT_EQ(request.reader.user, "alice");
    answer(request, Verdict::denied);
    return refusal(client);
  }
  std::size_t remove(const std::string& room, const std::string& user) {
    std::atomic<std::size_t> count = 0;
    std::binary_semaphore done{0};
    post(std::make_unique<RemoveMember>(
        RemoveMember{.room = target(room).room, .user = user, .done = [&](std::size_t removed) {
                       count = removed;
                       done.release();
                     }}));
    EXPECT_TRUE(done.try_acquire_for(seconds(20)));
    return count;
  }
  void recheck_all() {
    for (std::uint32_t part = 0; part < kRecheckParts; ++part) post(Recheck{.part = part});
  }
};

TEST_F(WorkerRoomsTest, a_room_of_any_name_is_asked_about_as_its_policy_says) {
  Client client(port_);
  client.connect_as("alice");
  client.send(join_room("team_7"));
  const JoinRequest team = next<JoinRequest>();
  ASSERT_TRUE(team.question);
  EXPECT_EQ(team.question->policy, store::Policy::http);
  EXPECT_EQ(team.question->object, std::string(1, '\0') + "team_7");
  EXPECT_EQ(team.question->user, "alice");
  answer(team, Verdict::granted);
  EXPECT_EQ(client.receive(), R"(42["joined_room",{"room":"team_7"}])");
  EXPECT_EQ(client.receive(), R"(431[{"status":"ok","room":"team_7"}])");
  EXPECT_TRUE(next<JoinSettled>().present);

  client.send(join_room("challenge_7"));
  const JoinRequest challenge = next<JoinRequest>();
  EXPECT_EQ(*challenge.question, (store::AccessQuestion{store::Policy::owner, "7", "alice"}));
  Client other(port_);  // the first one has all the rooms that it may have
  other.connect_as("alice");
  other.send(join_room("symbol_X"));
  EXPECT_FALSE(next<JoinRequest>().question);
}

TEST_F(WorkerRoomsTest, what_is_no_room_name_is_a_bad_request_and_no_template_is_forbidden) {
  Client client(port_);
  client.connect_as("alice");
  for (const char* argument : {R"({"room":"a b"})", R"({"room":7})", "{}", "\"team_7\"", "null"}) {
    client.send(fmt::format(R"(421["join_room",{}])", argument));
    EXPECT_THAT(refusal(client), HasSubstr("bad_request")) << argument;
  }
  client.send(join_room("nobody_described_this"));
  EXPECT_THAT(refusal_by_control(client), HasSubstr("forbidden"));
}

TEST_F(WorkerRoomsTest, a_grant_lets_its_user_into_its_room_without_a_question) {
  Client client(port_);
  client.connect_as("alice");
  client.send(join_room("desk_7"));
  EXPECT_THAT(refusal_by_control(client), HasSubstr("grant_required"));
  client.send(join_room("desk_7", grant_of("bob", "desk_7")));
  EXPECT_THAT(refusal_by_control(client), HasSubstr("forbidden"));
  client.send(join_room("desk_7", grant_of("alice", "desk_8")));
  EXPECT_THAT(refusal_by_control(client), HasSubstr("forbidden"));
  client.send(join_room("desk_7", grant_of("alice", "desk_7")));
  const JoinRequest request = next<JoinRequest>();
  EXPECT_EQ(request.room, "desk_7");
  EXPECT_FALSE(request.question);
}

TEST_F(WorkerRoomsTest, a_late_refusal_is_told_late_and_takes_the_member_out_at_once) {
  Client client(port_);
  client.connect_as("alice");
  join(client);
  client.send(kJoin);
  const JoinRequest request = next<JoinRequest>();
  post(std::make_unique<JoinAnswer>(JoinAnswer{.session = request.session,
                                               .ticket = request.ticket,
                                               .verdict = Verdict::denied,
                                               .room = target("challenge_7").room,
                                               .delay = milliseconds(50)}));
  EXPECT_EQ(next<RoomEmptied>().room->name(), "challenge_7");
  publish({.rooms = {"challenge_7"}}, "1");
  publish({.everyone = true}, "2");
  EXPECT_EQ(client.receive(), R"(42["news",2])");
  EXPECT_THAT(client.receive(), HasSubstr("forbidden"));
}

TEST_F(WorkerRoomsTest, a_late_refusal_finds_nobody_when_its_client_is_gone) {
  {
    Client client(port_);
    client.connect_as("alice");
    client.send(kJoin);
    const JoinRequest request = next<JoinRequest>();
    post(std::make_unique<JoinAnswer>(JoinAnswer{.session = request.session,
                                                 .ticket = request.ticket,
                                                 .verdict = Verdict::denied,
                                                 .delay = milliseconds(20)}));
  }
  Client other(port_);  // in the slot of the first one, or beside it
  other.connect_as("bob");
  while (stats().sockets > 1) std::this_thread::yield();
  other.send(R"(42["leave_challenge",{"challenge_id":"7"}])");
  EXPECT_THAT(other.receive(), HasSubstr("left_challenge"));
}

TEST_F(WorkerRoomsTest, the_banned_are_expelled_from_all_their_namespaces_and_others_stay) {
  Client one(port_), two(port_), other(port_);
  one.connect_as("alice");
  two.connect_as("alice");
  other.connect_as("bob");
  post(std::make_unique<Expel>(Expel{.user = "alice"}));
  EXPECT_EQ(one.receive(), "");
  EXPECT_EQ(two.receive(), "");
  publish({.everyone = true}, "2");
  EXPECT_EQ(other.receive(), R"(42["news",2])");
}

TEST_F(WorkerRoomsTest, a_leave_overtakes_a_join_of_the_same_room_under_another_name) {
  Client client(port_);
  client.connect_as("alice");
  client.send(kJoin);
  client.send(R"(42["leave_room",{"room":"challenge_7"}])");
  EXPECT_EQ(client.receive(), R"(42["left_room",{"room":"challenge_7"}])");
  answer(next<JoinRequest>(), Verdict::granted);
  EXPECT_FALSE(next<JoinSettled>().present);
}

TEST_F(WorkerRoomsTest, a_removed_user_leaves_with_all_his_sockets_and_is_told) {
  Client one(port_), two(port_), other(port_);
  for (Client* client : {&one, &two}) {
    client->connect_as("alice");
    join(*client);
  }
  other.connect_as("bob");
  join(other);
  EXPECT_EQ(remove("challenge_7", "alice"), 2u);
  for (Client* client : {&one, &two}) {
    EXPECT_EQ(client->receive(), R"(42["left_challenge",{"challenge_id":"7"}])");
    EXPECT_EQ(client->receive(),
              R"(42["error",{"message":"you have been removed from this room","code":"removed",)"
              R"("retryable":false,"challenge_id":"7"}])");
  }
  publish({.rooms = {"challenge_7"}});
  publish({.everyone = true}, "2");
  EXPECT_EQ(other.receive(), R"(42["news",1])");
  EXPECT_EQ(one.receive(), R"(42["news",2])");
  EXPECT_EQ(remove("challenge_7", "alice"), 0u);
  EXPECT_EQ(stats().clients.removals, 2u);
}

TEST_F(WorkerRoomsTest, the_last_members_removal_is_told_to_control) {
  Client client(port_);
  client.connect_as("alice");
  join(client);
  EXPECT_EQ(remove("challenge_7", "alice"), 1u);
  EXPECT_EQ(next<RoomEmptied>().room->name(), "challenge_7");
}

TEST_F(WorkerRoomsTest, a_removal_behind_a_grant_finds_the_member) {
  Client client(port_);
  client.connect_as("alice");
  client.send(kJoin);
  answer(next<JoinRequest>(), Verdict::granted);
  EXPECT_EQ(remove("challenge_7", "alice"), 1u) << "messages keep their order";
}

TEST_F(WorkerRoomsTest, only_members_that_were_asked_about_are_asked_about_again) {
  Client client(port_), moved(port_);
  client.connect_as("alice");
  const std::string sid = moved.connect_as("bob");
  join(client);
  client.send(join_room("symbol_X"));
  answer(next<JoinRequest>(), Verdict::granted);
  EXPECT_TRUE(next<JoinSettled>().present);
  command(SocketCommand::Kind::join, {.rooms = {sid}}, {"challenge_7"});
  EXPECT_TRUE(next<JoinSettled>().present);
  recheck_all();
  const MemberCheck check = next<MemberCheck>();
  EXPECT_EQ(check.room, "challenge_7");
  EXPECT_EQ(check.question, (store::AccessQuestion{store::Policy::owner, "7", "alice"}));
  client.send(R"(42["leave_challenge",{"challenge_id":"7"}])");
  EXPECT_THAT(client.receive(), HasSubstr("joined_room"));
  EXPECT_THAT(client.receive(), StartsWith("431"));
  EXPECT_THAT(client.receive(), HasSubstr("left_challenge"));
  recheck_all();
  client.send(kJoin);
  EXPECT_EQ(next<JoinRequest>().room, "challenge_7") << "and nothing was asked before";
}

// ---- Rooms that outlive the process ----

config::Config config_with_log() {
  config::Config config = test::test_config();
  config.eventlog.path = "log.db";  // control's business: a worker asks only whether there is one
  return config;
}

class StoredJoinTest : public test::WorkerFixture {
 protected:
  StoredJoinTest() : test::WorkerFixture(config_with_log()) {}

  /// A client that gets positions, in the room as far as the worker is concerned.
  void enter(Client& client) {
    client.send(fmt::format(R"(40{{"token":"{}","recovery":true}})", test::token_of("alice")));
    ASSERT_THAT(client.receive(), StartsWith(R"(40{"sid")"));
    ASSERT_THAT(client.receive(), StartsWith(R"(42["position")"));
    (void)next<SocketChange>();
    client.send(kJoin);
    answer(next<JoinRequest>(), Verdict::granted);
    (void)next<SocketChange>();
  }
  void store(const JoinNoted& noted) {
    post(std::make_unique<JoinStored>(
        JoinStored{.session = noted.session, .ticket = noted.ticket, .position = kLater}));
  }

  static constexpr eventlog::Position kLater{.life = 1, .durable = 2, .released = 3};
};

TEST_F(StoredJoinTest, a_client_is_told_of_its_room_when_the_log_has_it) {
  Client client(port_);
  enter(client);
  const JoinNoted noted = next<JoinNoted>();
  publish({.rooms = {"challenge_7"}});
  EXPECT_EQ(client.receive(), R"(42["news",1])") << "a member, and not told yet";
  store(noted);
  EXPECT_EQ(client.receive(),
            fmt::format(R"(42["joined_challenge",{{"challenge_id":"7"}},"{}"])", to_string(kLater)))
      << "with a position that isn't behind the event's";
}

TEST_F(StoredJoinTest, who_has_left_meanwhile_is_told_that_alone) {
  Client client(port_);
  enter(client);
  const JoinNoted noted = next<JoinNoted>();
  client.send(R"(42["leave_challenge",{"challenge_id":"7"}])");
  EXPECT_THAT(client.receive(), StartsWith(R"(42["left_challenge")"));
  store(noted);
  publish({.everyone = true});
  EXPECT_EQ(client.receive(), R"(42["news",1])");
}

TEST_F(StoredJoinTest, whose_right_has_ended_meanwhile_is_not_told_that_he_has_joined) {
  Client client(port_);
  enter(client);
  const JoinNoted noted = next<JoinNoted>();
  post(std::make_unique<RemoveMember>(RemoveMember{
      .room = target("challenge_7").room, .user = "alice", .done = [](std::size_t) {}}));
  EXPECT_THAT(client.receive(), StartsWith(R"(42["left_challenge")"));
  EXPECT_THAT(client.receive(), StartsWith(R"(42["error")"));
  store(noted);
  publish({.everyone = true});
  EXPECT_EQ(client.receive(), R"(42["news",1])");
}

TEST_F(StoredJoinTest, nobody_is_told_of_a_join_whose_client_is_gone) {
  Client client(port_), other(port_);
  enter(client);
  const JoinNoted noted = next<JoinNoted>();
  client.drop();
  other.connect_as("bob");
  store(noted);
  publish({.everyone = true});
  EXPECT_EQ(other.receive(), R"(42["news",1])");
}

}  // namespace
}  // namespace outcry::gateway
