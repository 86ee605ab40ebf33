// What a worker makes of clients' acknowledgements, and of what became of an event.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gateway/worker_fixture.h"

namespace outcry::gateway {
namespace {

using test::Client;

class WorkerAcksTest : public test::WorkerFixture {
 protected:
  /// Event `number`, for these rooms, delivered to the members of the first.
  void deliver(std::uint64_t number, const config::Strings& rooms, bool receipts = false) {
    std::string scratch;
    const EventFrames frames = encode_event({.event = "news", .arguments = std::to_string(number)},
                                            {}, {.ack_id = ack_id_of_event(number)}, scratch);
    auto mark = make_event_mark(number, "/", "position");
    mark->released = number + 100;
    mark->receipts = receipts;
    for (const std::string& name : rooms) mark->rooms.push_back(target(name).room);
    transport::set_mark(frames.own, std::move(mark));
    post(RoomDelivery{.room = target(rooms.front()).room->number(), .frame = frames.own});
  }
  static std::string text_of(std::uint64_t number) {
    return fmt::format(R"(42{}["news",{}])", ack_id_of_event(number), number);
  }
  static void acknowledge(Client& client, std::uint64_t number) {
    client.send(fmt::format("43{}[]", ack_id_of_event(number)));
  }
  eventlog::StoredReceipt next_receipt() {
    return std::get<eventlog::StoredReceipt>(*next<SocketChange>());
  }
};

TEST_F(WorkerAcksTest, control_is_told_how_far_a_room_is_acknowledged_without_a_gap) {
  Client client(port_);
  client.connect_as("alice");
  join(client);
  for (const std::uint64_t number : {3, 4, 5}) {
    deliver(number, {"challenge_7"});
    EXPECT_EQ(client.receive(), text_of(number));
  }
  acknowledge(client, 4);
  acknowledge(client, 4);
  acknowledge(client, 3);
  const auto move = next<std::unique_ptr<AckMove>>();
  EXPECT_EQ(move->room->name(), "challenge_7");
  EXPECT_EQ(move->reader.user, "alice");
  EXPECT_EQ(move->number, 4U);
  EXPECT_EQ(move->released, 104U);
  acknowledge(client, 5);
  EXPECT_EQ(next<std::unique_ptr<AckMove>>()->number, 5U);
  EXPECT_EQ(stats().clients.acknowledgements, 3U);
}

TEST_F(WorkerAcksTest, only_rooms_that_the_client_is_in_are_acknowledged) {
  Client client(port_);
  client.connect_as("alice");
  join(client);
  deliver(3, {"challenge_7", "challenge_8"});
  EXPECT_EQ(client.receive(), text_of(3));
  acknowledge(client, 3);
  deliver(4, {"challenge_7"});
  EXPECT_EQ(client.receive(), text_of(4));
  acknowledge(client, 4);
  EXPECT_EQ(next<std::unique_ptr<AckMove>>()->number, 3U);
  const auto move = next<std::unique_ptr<AckMove>>();
  EXPECT_EQ(move->number, 4U);
  EXPECT_EQ(move->room->name(), "challenge_7");
}

TEST_F(WorkerAcksTest, an_acknowledgement_of_what_was_not_sent_tells_nobody) {
  Client client(port_), other(port_);
  client.connect_as("alice");
  other.connect_as("bob");
  join(client);
  deliver(3, {"challenge_7"});
  EXPECT_EQ(client.receive(), text_of(3));
  acknowledge(other, 3);
  acknowledge(client, 9);
  client.send(R"(421["unheard_of"])");
  EXPECT_THAT(client.receive(), testing::StartsWith("431["));
  EXPECT_EQ(stats().clients.acknowledgements, 0U);
}

TEST_F(WorkerAcksTest, what_became_of_an_event_is_told_the_log) {
  Client client(port_);
  const std::string sid = client.connect_as("alice");
  join(client);
  const WallTime before = wall_now();
  deliver(3, {"challenge_7"}, true);
  EXPECT_EQ(client.receive(), text_of(3));
  const eventlog::StoredReceipt sent = next_receipt();
  EXPECT_EQ(sent.number, 3U);
  EXPECT_EQ(sent.user, "alice");
  EXPECT_EQ(sent.sid, sid);
  EXPECT_GE(sent.sent, before);
  EXPECT_EQ(sent.acknowledged, WallTime{});
  acknowledge(client, 3);
  const eventlog::StoredReceipt acknowledged = next_receipt();
  EXPECT_EQ(acknowledged.sid, sid);
  EXPECT_EQ(acknowledged.sent, WallTime{}) << "the first one stays";
  EXPECT_GE(acknowledged.acknowledged, sent.sent);
  EXPECT_EQ(next<std::unique_ptr<AckMove>>()->number, 3U);
}

}  // namespace
}  // namespace outcry::gateway
