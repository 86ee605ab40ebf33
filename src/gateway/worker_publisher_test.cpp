// What publishers do at one worker: commands to sockets, and callbacks.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gateway/worker_fixture.h"

namespace outcry::gateway {
namespace {

using test::Client;
using test::token_of;
using testing::HasSubstr;
using testing::StartsWith;

class WorkerPublisherTest : public test::WorkerFixture {};

// ---- A publisher's commands ----

TEST_F(WorkerPublisherTest, a_publisher_makes_sockets_join_and_leave) {
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

TEST_F(WorkerPublisherTest, a_socket_may_be_taken_out_of_its_own_room_and_put_back) {
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

TEST_F(WorkerPublisherTest, another_socket_may_be_put_into_a_room_named_like_a_socket) {
  Client first(port_), second(port_);
  const std::string sid = first.connect_as("alice");
  const std::string other = second.connect_as("bob");
  command(SocketCommand::Kind::join, {.rooms = {other}}, {sid});
  publish({.rooms = {sid}});
  EXPECT_EQ(first.receive(), R"(42["news",1])");
  EXPECT_EQ(second.receive(), R"(42["news",1])");
}

TEST_F(WorkerPublisherTest, a_disconnected_socket_keeps_its_connection) {
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

TEST_F(WorkerPublisherTest, a_room_without_members_is_nobody) {
  Client client(port_);
  client.connect_as("alice");
  post(std::make_shared<const Delivery>(
      Delivery{.audience = {.rooms = {RoomTarget{}}}, .frames = frames_of("1")}));
  publish({.rooms = {"nobody"}}, "2");
  post(RoomDelivery{.room = 4711, .frame = frames_of("3").own});
  publish({.everyone = true, .except = {"nobody"}}, "4");
  EXPECT_EQ(client.receive(), R"(42["news",4])");
}

TEST_F(WorkerPublisherTest, members_of_a_room_that_lost_an_event_have_to_come_back_for_it) {
  Client member(port_), other(port_);
  const std::string sid = member.connect_as("alice");
  other.connect_as("bob");
  command(SocketCommand::Kind::join, {.rooms = {sid}}, {"a"});
  const rooms::RoomNumber room = rooms_.find_or_make(0, "a").room->number();
  const auto send = [&](std::uint32_t sequence, const std::string& argument) {
    post(RoomDelivery{.room = room, .sequence = sequence, .frame = frames_of(argument).own});
  };
  send(1, "1");
  EXPECT_EQ(member.receive(), R"(42["news",1])");
  send(3, "3");
  EXPECT_EQ(member.receive(), "");
  publish({.everyone = true}, "4");
  EXPECT_EQ(other.receive(), R"(42["news",4])");
  EXPECT_EQ(stats().clients.gaps, 1U);
}

TEST_F(WorkerPublisherTest, each_member_of_several_rooms_hears_once_and_the_excepted_not_at_all) {
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

TEST_F(WorkerPublisherTest, the_first_acknowledgement_goes_to_the_publisher_and_no_other) {
  Client first(port_), second(port_);
  first.connect_as("alice");
  second.connect_as("bob");
  publish({.everyone = true}, "1", wish(16));
  EXPECT_EQ(first.receive(), R"(4216["news",1])");
  EXPECT_EQ(second.receive(), R"(4216["news",1])");
  first.send(R"(4318["not mine"])");
  first.send(R"(4316["ok",{"a":[1,2]}])");
  const auto answer = next<CallbackAnswer>();
  EXPECT_EQ(answer.arguments, R"("ok",{"a":[1,2]})");
  EXPECT_EQ(answer.callback.id_json, "5");
  EXPECT_EQ(answer.channel, "tradesense_websocket");
  second.send(R"(4316["late"])");
  publish({.everyone = true}, "2", wish(18));
  EXPECT_EQ(second.receive(), R"(4218["news",2])");
  second.send("4318[]");
  EXPECT_EQ(next<CallbackAnswer>().arguments, "");
}

TEST_F(WorkerPublisherTest, who_was_not_asked_can_not_acknowledge) {
  Client asked(port_), other(port_);
  const std::string sid = asked.connect_as("alice");
  other.connect_as("mallory");
  publish({.rooms = {sid}}, "1", wish(2));
  EXPECT_EQ(asked.receive(), R"(422["news",1])");
  other.send(R"(432["forged"])");
  other.send(R"(427["barrier"])");
  EXPECT_THAT(other.receive(), StartsWith("437["));
  asked.send(R"(432["true"])");
  EXPECT_EQ(next<CallbackAnswer>().arguments, "\"true\"");
}

TEST_F(WorkerPublisherTest, a_binary_acknowledgement_is_not_passed_on) {
  Client client(port_);
  client.connect_as("alice");
  publish({.everyone = true}, "1", wish(2));
  EXPECT_EQ(client.receive(), R"(422["news",1])");
  client.send(R"(461-2[{"_placeholder":true,"num":0}])");
  client.send_binary("bytes");
  client.send(R"(432["text"])");
  EXPECT_EQ(next<CallbackAnswer>().arguments, "\"text\"");
}

}  // namespace
}  // namespace outcry::gateway
