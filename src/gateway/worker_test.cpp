// One worker with real sockets; the test is the control thread.
#include "gateway/worker.h"

#include <semaphore>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gateway/client_for_test.h"
#include "gateway/event_encoder.h"
#include "gateway/gateway_setup.h"
#include "gateway/room_table.h"
#include "net/tcp.h"

namespace outcry::gateway {
namespace {

using test::Client;
using test::token_of;
using testing::HasSubstr;
using testing::StartsWith;
using Verdict = JoinAnswer::Verdict;

constexpr std::string_view kJoin = R"(42["join_challenge",{"challenge_id":"7"}])";
constexpr std::string_view kJoinAcked = R"(423["join_challenge",{"challenge_id":"7"}])";
constexpr std::string_view kLeave = R"(42["leave_challenge",{"challenge_id":"7"}])";

Config test_config() {
  Config config;
  config.server.workers = 1;
  config.auth.secret = test::kSecret;
  config.socketio.namespaces = {"/", "/admin"};
  config.socketio.rooms_per_socket_max = 2;
  config.socketio.pending_joins_max = 3;
  return config;
}

/// An audience by its rooms' names.
struct Named {
  NamespaceId namespace_id = 0;
  bool everyone = false;
  Strings rooms{};
  Strings except{};
};

class WorkerTest : public testing::Test {
 protected:
  WorkerTest() {
    auto listener = net::listen_tcp({.host = "127.0.0.1"});
    port_ = net::local_port(listener->get());
    worker_.listen(std::move(*listener));
    thread_ = std::jthread([this] { worker_.run(); });
  }
  ~WorkerTest() override {
    post(Stop{});
    thread_.join();
  }

  void post(ToWorker message) {
    ASSERT_TRUE(worker_.post(std::move(message)));
    worker_.wake();
  }
  /// The worker's next message to control, which must be a T.
  template <class T>
  T next() {
    std::optional<ToControl> message;
    while (true) {
      (void)mailbox_.drain(1, [&](ToControl m) { message = std::move(m); });
      if (message) break;
      if (!woken_.try_acquire_for(std::chrono::seconds(20))) {
        throw std::runtime_error("the worker said nothing");
      }
    }
    if constexpr (std::is_same_v<T, JoinRequest> || std::is_same_v<T, CallbackAnswer>) {
      return std::move(*std::get<std::unique_ptr<T>>(*message));
    } else {
      return std::get<T>(std::move(*message));
    }
  }
  void answer(const JoinRequest& request, Verdict verdict,
              std::vector<transport::SharedFrame> snapshot = {}) {
    post(std::make_unique<JoinAnswer>(
        JoinAnswer{.session = request.session,
                   .ticket = request.ticket,
                   .verdict = verdict,
                   .room = rooms_.find_or_make(request.namespace_id, request.room).room,
                   .snapshot = std::move(snapshot)}));
  }
  /// Client side of a granted join, answered and settled.
  void join(Client& client) {
    client.send(kJoin);
    answer(next<JoinRequest>(), Verdict::granted);
    EXPECT_EQ(client.receive(), R"(42["joined_challenge",{"challenge_id":"7"}])");
    EXPECT_TRUE(next<JoinSettled>().present);
  }
  RoomTarget target(const std::string& name, NamespaceId namespace_id = 0) {
    RoomTarget out{.room = rooms_.find_or_make(namespace_id, name).room};
    if (name.size() == kSocketIdLength) out.socket_id = name;
    return out;
  }
  std::vector<RoomTarget> targets(const Strings& names, NamespaceId namespace_id = 0) {
    std::vector<RoomTarget> out;
    for (const std::string& name : names) out.push_back(target(name, namespace_id));
    return out;
  }
  Audience audience(const Named& named) {
    return {.namespace_id = named.namespace_id,
            .everyone = named.everyone,
            .rooms = targets(named.rooms, named.namespace_id),
            .except = targets(named.except, named.namespace_id)};
  }
  static std::vector<transport::SharedFrame> frames_of(std::string_view text,
                                                       std::optional<std::uint64_t> ack_id = {}) {
    const bus::Publication publication{.event = "news", .arguments = std::string(text)};
    std::string scratch;
    std::vector<transport::SharedFrame> out;
    encode_event(publication, {}, ack_id, scratch, out);
    return out;
  }
  void publish(const Named& to, std::string_view text = "1",
               std::optional<AckWish> ack = std::nullopt) {
    post(std::make_shared<const Delivery>(
        Delivery{.audience = audience(to),
                 .frames = frames_of(text, ack ? std::optional(ack->ack_id) : std::nullopt),
                 .ack = ack}));
  }
  void command(SocketCommand::Kind kind, const Named& to, const Strings& rooms = {}) {
    post(std::make_shared<const SocketCommand>(SocketCommand{
        .kind = kind, .audience = audience(to), .rooms = targets(rooms, to.namespace_id)}));
  }
  WorkerStats stats() {
    std::optional<WorkerStats> out;
    std::binary_semaphore done{0};
    post(std::make_unique<StatsRequest>([&](const WorkerStats& s) {
      out = s;
      done.release();
    }));
    EXPECT_TRUE(done.try_acquire_for(std::chrono::seconds(20)));
    return out.value_or(WorkerStats{});
  }

  RoomTable rooms_;  // as control has it
  const Config config_ = test_config();
  const SharedRules rules_ = shared_rules(config_);
  const transport::TransportOptions transport_ = transport_options(config_);
  std::counting_semaphore<> woken_{0};
  ControlWaker waker_{[this] { woken_.release(); }};
  ControlMailbox mailbox_{waker_, 1024};
  Worker worker_{0,       rules_,   transport_,
                 nullptr, mailbox_, [](WorkerId, transport::HandedOver&&) { return false; }};
  std::uint16_t port_ = 0;
  std::jthread thread_;
};

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
  EXPECT_FALSE(own.owner);
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
  ASSERT_TRUE(request.owner);
  EXPECT_EQ(*request.owner, (store::OwnerQuestion{.object_id = "7", .user = "alice"}));
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

// ---- A publisher's commands ----

TEST_F(WorkerTest, a_publisher_makes_sockets_join_and_leave) {
  Client client(port_);
  const std::string sid = client.connect_as("alice");
  command(SocketCommand::Kind::join, {.rooms = {sid}}, {"vip"});
  const auto came = next<JoinSettled>();
  EXPECT_EQ(came.room->name(), "vip");
  EXPECT_TRUE(came.present);
  publish({.rooms = {"vip"}});
  EXPECT_EQ(client.receive(), R"(42["news",1])");
  command(SocketCommand::Kind::leave, {.everyone = true}, {"vip"});
  EXPECT_EQ(next<RoomEmptied>().room->name(), "vip");
  publish({.rooms = {"vip"}}, "2");
  publish({.rooms = {sid}}, "3");
  EXPECT_EQ(client.receive(), R"(42["news",3])");
}

TEST_F(WorkerTest, a_socket_may_be_taken_out_of_its_own_room_and_put_back) {
  Client client(port_);
  const std::string sid = client.connect_as("alice");
  command(SocketCommand::Kind::leave, {.everyone = true}, {sid});
  publish({.rooms = {sid}}, "1");
  publish({.everyone = true}, "2");
  EXPECT_EQ(client.receive(), R"(42["news",2])") << "it is not out of the room of everyone";
  command(SocketCommand::Kind::join, {.everyone = true}, {sid, "vip"});
  publish({.rooms = {sid}}, "3");
  EXPECT_EQ(client.receive(), R"(42["news",3])");
  EXPECT_FALSE(next<JoinSettled>().present) << "its own room takes no place";
  EXPECT_TRUE(next<JoinSettled>().present);
}

TEST_F(WorkerTest, another_socket_may_be_put_into_a_room_named_like_a_socket) {
  Client first(port_), second(port_);
  const std::string sid = first.connect_as("alice");
  const std::string other = second.connect_as("bob");
  command(SocketCommand::Kind::join, {.rooms = {other}}, {sid});
  publish({.rooms = {sid}});
  EXPECT_EQ(first.receive(), R"(42["news",1])");
  EXPECT_EQ(second.receive(), R"(42["news",1])");
}

TEST_F(WorkerTest, a_disconnected_socket_keeps_its_connection) {
  Client client(port_);
  client.connect_as("alice");
  client.send("40/admin," + fmt::format(R"({{"token":"{}"}})", token_of("alice")));
  EXPECT_THAT(client.receive(), StartsWith("40/admin,"));
  command(SocketCommand::Kind::disconnect, {.everyone = true});
  EXPECT_EQ(client.receive(), "41");
  publish({.namespace_id = 1, .everyone = true});
  EXPECT_EQ(client.receive(), R"(42["news",1])");  // encoded for "/", delivered in /admin
  command(SocketCommand::Kind::close, {.namespace_id = 1, .everyone = true});
  EXPECT_EQ(client.receive(), "");
  while (stats().sockets > 0) std::this_thread::yield();
}

TEST_F(WorkerTest, a_room_without_members_is_nobody) {
  Client client(port_);
  client.connect_as("alice");
  post(std::make_shared<const Delivery>(
      Delivery{.audience = {.rooms = {RoomTarget{}}}, .frames = frames_of("1")}));
  publish({.rooms = {"nobody"}}, "2");
  post(RoomDelivery{.room = 4711, .frame = frames_of("3").front()});
  publish({.everyone = true, .except = {"nobody"}}, "4");
  EXPECT_EQ(client.receive(), R"(42["news",4])");
}

TEST_F(WorkerTest, each_member_of_several_rooms_hears_once_and_the_excepted_not_at_all) {
  Client first(port_), second(port_);
  const std::string sid = first.connect_as("alice");
  second.connect_as("bob");
  command(SocketCommand::Kind::join, {.everyone = true}, {"a", "b"});
  publish({.rooms = {"a", "b", "a"}});
  EXPECT_EQ(first.receive(), R"(42["news",1])");
  publish({.rooms = {"a"}, .except = {sid}}, "2");
  publish({.everyone = true}, "3");
  EXPECT_EQ(first.receive(), R"(42["news",3])");
  for (const char* text : {"1", "2", "3"}) {
    EXPECT_EQ(second.receive(), fmt::format(R"(42["news",{}])", text));
  }
}

// ---- Acknowledgements ----

AckWish wish(std::uint64_t id) {
  return {.ack_id = id,
          .callback = {.host_id = "h", .room = "r", .namespace_name = "/", .id_json = "5"},
          .channel = "tradesense_websocket"};
}

TEST_F(WorkerTest, the_first_acknowledgement_goes_to_the_publisher_and_no_other) {
  Client first(port_), second(port_);
  first.connect_as("alice");
  second.connect_as("bob");
  publish({.everyone = true}, "1", wish(17));
  EXPECT_EQ(first.receive(), R"(4217["news",1])");
  EXPECT_EQ(second.receive(), R"(4217["news",1])");
  first.send(R"(4318["not mine"])");
  first.send(R"(4317["ok",{"a":[1,2]}])");
  const auto answer = next<CallbackAnswer>();
  EXPECT_EQ(answer.arguments, R"("ok",{"a":[1,2]})");
  EXPECT_EQ(answer.callback.id_json, "5");
  EXPECT_EQ(answer.channel, "tradesense_websocket");
  second.send(R"(4317["late"])");
  publish({.everyone = true}, "2", wish(18));
  EXPECT_EQ(second.receive(), R"(4218["news",2])");
  second.send("4318[]");
  EXPECT_EQ(next<CallbackAnswer>().arguments, "");
}

TEST_F(WorkerTest, who_was_not_asked_can_not_acknowledge) {
  Client asked(port_), other(port_);
  const std::string sid = asked.connect_as("alice");
  other.connect_as("mallory");
  publish({.rooms = {sid}}, "1", wish(1));
  EXPECT_EQ(asked.receive(), R"(421["news",1])");
  other.send(R"(431["forged"])");
  other.send(R"(427["barrier"])");
  EXPECT_THAT(other.receive(), StartsWith("437["));
  asked.send(R"(431["true"])");
  EXPECT_EQ(next<CallbackAnswer>().arguments, "\"true\"");
}

TEST_F(WorkerTest, a_binary_acknowledgement_is_not_passed_on) {
  Client client(port_);
  client.connect_as("alice");
  publish({.everyone = true}, "1", wish(1));
  EXPECT_EQ(client.receive(), R"(421["news",1])");
  client.send(R"(461-1[{"_placeholder":true,"num":0}])");
  client.send_binary("bytes");
  client.send(R"(431["text"])");
  EXPECT_EQ(next<CallbackAnswer>().arguments, "\"text\"");
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
