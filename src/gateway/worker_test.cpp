// What clients do at one worker: connect, join, leave, go.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gateway/worker_fixture.h"

namespace outcry::gateway {
namespace {

using test::Client;
using test::kJoin;
using test::token_of;
using test::Verdict;
using testing::HasSubstr;
using testing::StartsWith;

constexpr std::string_view kJoinAcked = R"(423["join_challenge",{"challenge_id":"7"}])";
constexpr std::string_view kLeave = R"(42["leave_challenge",{"challenge_id":"7"}])";

class WorkerTest : public test::WorkerFixture {};

// ---- Connecting ----

TEST_F(WorkerTest, a_token_is_taken_from_the_url_the_header_or_the_auth_payload) {
  Client by_url(port_, "&token=" + token_of("alice"));
  by_url.send("40");
  EXPECT_THAT(by_url.receive(), StartsWith("40{\"sid\""));
  Client by_payload(port_);
  EXPECT_THAT(by_payload.connect("Bearer " + token_of("alice")), StartsWith("40{\"sid\""));
}

TEST_F(WorkerTest, a_token_is_verified_once_however_often_it_comes) {
  const std::string token = token_of("alice");
  for (int i = 0; i < 3; ++i) {
    Client tab(port_);
    EXPECT_THAT(tab.connect(token), StartsWith("40{\"sid\""));
  }
  Client spoiled(port_);
  EXPECT_THAT(spoiled.connect(token + "x"), HasSubstr("token_invalid"));
  const WorkerStats counted = stats();
  EXPECT_EQ(counted.tokens.hits, 2u);
  EXPECT_EQ(counted.tokens.misses, 2u);
  EXPECT_EQ(counted.tokens.entries, 1u);
}

TEST_F(WorkerTest, the_auth_payload_counts_before_the_url_unless_it_is_empty) {
  Client renewed(port_, "&token=old");
  EXPECT_THAT(renewed.connect(token_of("alice")), StartsWith("40{\"sid\""));
  Client spoiled(port_, "&token=" + token_of("alice"));
  EXPECT_THAT(spoiled.connect("new but wrong"), HasSubstr("token_invalid"));
  Client without(port_, "&token=" + token_of("alice"));
  EXPECT_THAT(without.connect(""), StartsWith("40{\"sid\""));
  Client null(port_, "&token=" + token_of("alice"));
  null.send(R"(40{"token":null})");
  EXPECT_THAT(null.receive(), StartsWith("40{\"sid\""));
}

TEST_F(WorkerTest, a_key_written_with_escapes_is_the_same_key) {
  Client client(port_);
  client.send("40{\"\\u0074oken\":\"" + token_of("alice") + "\"}");
  EXPECT_THAT(client.receive(), StartsWith("40{\"sid\""));
  client.send(R"(42["\u006aoin_challenge",{"challenge\u005fid":"7"}])");
  EXPECT_EQ(next<JoinRequest>().room, "challenge_7");
}

TEST_F(WorkerTest, without_a_token_nobody_connects) {
  Client client(port_);
  client.send("40");
  EXPECT_EQ(client.receive(), R"(44{"message":"a token is required to connect",)"
                              R"("data":{"code":"token_missing","retryable":false}})");
  EXPECT_EQ(stats().sockets, 0u);
}

TEST_F(WorkerTest, a_token_named_by_sub_is_greeted_and_put_into_its_rooms) {
  Client client(port_);
  EXPECT_THAT(client.connect(token_of("alice", "sub")), StartsWith("40{\"sid\""));
  EXPECT_THAT(
      client.receive(),
      StartsWith(R"(42["connected",{"status":"connected","user_id":"alice","timestamp":")"));
  const JoinRequest own = next<JoinRequest>();
  const JoinRequest market = next<JoinRequest>();
  EXPECT_EQ(own.room, "user_alice");
  EXPECT_FALSE(own.question);
  EXPECT_EQ(market.room, "market_updates");
  answer(own, Verdict::granted);
  answer(market, Verdict::granted);
  publish({.rooms = {"user_alice"}}, "1");
  publish({.rooms = {"market_updates"}}, "2");
  EXPECT_EQ(client.receive(), R"(42["news",1])");  // nothing tells of those joins
  EXPECT_EQ(client.receive(), R"(42["news",2])");
}

TEST_F(WorkerTest, a_token_named_by_user_id_is_not_greeted) {
  Client client(port_);
  client.connect_as("alice");
  client.send(R"(429["no_such_event"])");
  EXPECT_THAT(client.receive(), StartsWith(R"(439[{"status":"error")"));  // and nothing before it
}

TEST_F(WorkerTest, a_user_whose_name_is_no_room_is_greeted_without_one) {
  Client client(port_);
  client.connect(token_of("a b", "sub"));
  EXPECT_THAT(client.receive(), HasSubstr("connected"));
  EXPECT_EQ(next<JoinRequest>().room, "market_updates");
}

TEST_F(WorkerTest, anything_but_connect_first_ends_the_connection) {
  for (const std::string_view packet : {"42[\"a\"]", "41", "430[]", "44{}", "4", "49", "42"}) {
    Client client(port_);
    client.send(packet);
    EXPECT_EQ(client.receive(), "") << packet;
  }
  Client twice(port_);
  twice.connect_as("alice");
  EXPECT_EQ(twice.connect(token_of("alice")), "");
  EXPECT_EQ(stats().sockets, 0u);
}

// ---- Joining and leaving ----

TEST_F(WorkerTest, a_join_answers_with_the_snapshot_then_the_event_then_the_ack) {
  Client client(port_);
  client.connect_as("alice");
  client.send(kJoinAcked);
  const JoinRequest request = next<JoinRequest>();
  EXPECT_EQ(request.room, "challenge_7");
  ASSERT_TRUE(request.question);
  EXPECT_EQ(*request.question, (store::AccessQuestion{store::Policy::owner, "7", "alice"}));
  answer(request, Verdict::granted,
         {transport::make_frame(R"(42["equity_updated",{"equity":"1.50"}])"),
          transport::make_frame(R"(42["EQUITY_UPDATED",{"equity":"1.50"}])")});
  EXPECT_EQ(client.receive(), R"(42["equity_updated",{"equity":"1.50"}])");
  EXPECT_EQ(client.receive(), R"(42["EQUITY_UPDATED",{"equity":"1.50"}])");
  EXPECT_EQ(client.receive(), R"(42["joined_challenge",{"challenge_id":"7"}])");
  EXPECT_EQ(client.receive(), R"(433[{"status":"ok","challenge_id":"7"}])");
}

TEST_F(WorkerTest, a_refused_join_is_told_to_the_asker_alone) {
  Client client(port_), other(port_);
  client.connect_as("mallory");
  other.connect_as("alice");
  join(other);
  client.send(kJoinAcked);
  answer(next<JoinRequest>(), Verdict::denied);
  EXPECT_EQ(client.receive(),
            R"(42["error",{"message":"you may not join this room","code":"forbidden",)"
            R"("retryable":false,"challenge_id":"7"}])");
  EXPECT_THAT(client.receive(), StartsWith(R"(433[{"status":"error")"));
  publish({.rooms = {"challenge_7"}});
  publish({.everyone = true}, "2");
  EXPECT_EQ(other.receive(), R"(42["news",1])");
  EXPECT_EQ(client.receive(), R"(42["news",2])");
}

TEST_F(WorkerTest, a_denied_second_join_takes_the_member_out) {
  Client client(port_);
  client.connect_as("alice");
  join(client);
  client.send(kJoin);
  answer(next<JoinRequest>(), Verdict::denied);
  EXPECT_THAT(client.receive(), HasSubstr("forbidden"));
  EXPECT_EQ(next<RoomEmptied>().room->name(), "challenge_7");
  publish({.rooms = {"challenge_7"}});
  publish({.everyone = true}, "2");
  EXPECT_EQ(client.receive(), R"(42["news",2])");
}

TEST_F(WorkerTest, a_store_that_does_not_answer_leaves_members_in) {
  Client client(port_);
  client.connect_as("alice");
  join(client);
  client.send(kJoin);
  answer(next<JoinRequest>(), Verdict::unavailable);
  EXPECT_THAT(client.receive(), HasSubstr(R"("code":"unavailable","retryable":true)"));
  publish({.rooms = {"challenge_7"}});
  EXPECT_EQ(client.receive(), R"(42["news",1])");
}

TEST_F(WorkerTest, an_answer_to_a_closed_session_leaves_no_presence_behind) {
  Client client(port_);
  client.connect_as("alice");
  client.send(kJoin);
  const JoinRequest request = next<JoinRequest>();
  client.send("41");
  client.drop();
  while (stats().sockets > 0) std::this_thread::yield();
  Client reuses_the_slot(port_);
  reuses_the_slot.connect_as("mallory");
  answer(request, Verdict::granted);
  EXPECT_FALSE(next<JoinSettled>().present);
  publish({.rooms = {"challenge_7"}});
  publish({.everyone = true}, "2");
  EXPECT_EQ(reuses_the_slot.receive(), R"(42["news",2])");
}

TEST_F(WorkerTest, a_leave_overtakes_a_join_on_its_way) {
  Client client(port_);
  client.connect_as("alice");
  client.send(kJoin);
  client.send(kLeave);
  EXPECT_EQ(client.receive(), R"(42["left_challenge",{"challenge_id":"7"}])");
  answer(next<JoinRequest>(), Verdict::granted);
  EXPECT_FALSE(next<JoinSettled>().present);
  publish({.rooms = {"challenge_7"}});
  publish({.everyone = true}, "2");
  EXPECT_EQ(client.receive(), R"(42["news",2])");
}

TEST_F(WorkerTest, a_socket_is_in_as_many_rooms_as_configured_and_not_in_one_more) {
  Client client(port_);
  client.connect_as("alice");
  join(client);
  client.send(R"(42["subscribe_symbol",{"symbol":"EURUSD"}])");
  answer(next<JoinRequest>(), Verdict::granted);
  EXPECT_EQ(client.receive(), R"(42["subscribed",{"symbol":"EURUSD"}])");
  EXPECT_TRUE(next<JoinSettled>().present);
  client.send(R"(42["subscribe_symbol",{"symbol":"GBPUSD"}])");
  EXPECT_THAT(client.receive(), HasSubstr("too_many_rooms"));
  join(client);  // again is no more
}

TEST_F(WorkerTest, joins_that_wait_are_limited) {
  Client client(port_);
  client.connect_as("alice");
  for (int i = 0; i < 3; ++i) client.send(R"(42["subscribe_symbol",{"symbol":"EURUSD"}])");
  client.send(kJoin);
  EXPECT_THAT(client.receive(), HasSubstr("too_many_r"));
}
TEST_F(WorkerTest, an_event_named_by_a_number_is_unknown_and_acknowledged) {
  Client client(port_);
  client.connect_as("alice");
  client.send("425[42,{}]");
  EXPECT_THAT(client.receive(), HasSubstr("unknown_event"));
}
// ---- The end ----

TEST_F(WorkerTest, a_drain_closes_every_client) {
  Client client(port_);
  client.connect_as("alice");
  join(client);
  post(Drain{});
  EXPECT_EQ(client.receive(), "");
  EXPECT_EQ(next<RoomEmptied>().room->name(), "challenge_7");
}

TEST_F(WorkerTest, a_worker_ends_with_clients_that_live) {
  Client one(port_), two(port_);
  one.connect_as("alice");
  join(one);
  two.connect_as("bob");
  two.send(kJoin);
  // Never answered; the fixture ends the worker, and the sanitizers watch.
  EXPECT_FALSE(next<JoinRequest>().room.empty());
}

}  // namespace
}  // namespace outcry::gateway
