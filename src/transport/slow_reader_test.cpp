// A client that doesn't read as fast as is sent to it: what it gets, and what becomes of it.
#include "transport/endpoint_fixture.h"

namespace outcry::transport {
namespace {

using test::open_websocket;
using test::ServerFrame;
using test::TestClient;
using test::TestWorker;
using test::until;
using websocket::Opcode;
using websocket::test::client_frame;

constexpr ConnectionId kFirst{0, 1};

/// Sends until the socket takes no more.
void block(TestWorker& worker, std::size_t bytes) {
  const FrameRef frame = worker.endpoint.share(make_frame("4" + std::string(bytes, 'x')));
  ASSERT_TRUE(until({&worker}, [&] {
    const Connection* connection = worker.endpoint.find(kFirst);
    if (connection == nullptr || worker.session() == nullptr || connection->blocked()) return true;
    worker.session()->send(frame);
    return false;
  }));
  ASSERT_TRUE(worker.endpoint.find(kFirst)->blocked());
}

TEST(SlowReader, a_reader_that_is_too_slow_gets_whole_frames_and_then_4429) {
  TestWorker worker({.outbox_bytes_max = 300'000});
  TestClient client(worker, 4096);
  (void)open_websocket(client);
  block(worker, 100'000);
  std::size_t queued = 0;
  const FrameRef frame = worker.endpoint.share(make_frame("4" + std::string(100'000, 'y')));
  while (worker.session()->send(frame) == Sent::queued) ++queued;
  worker.tick();
  EXPECT_EQ(worker.application.closed, std::vector{CloseReason::outbox_overflow});

  ServerFrame last;
  std::size_t after_block = 0;
  for (last = client.frame(); last.opcode == Opcode::text; last = client.frame()) {
    ASSERT_EQ(last.payload.size(), 100'001u) << "a torn frame";
    if (last.payload[1] == 'y') ++after_block;
  }
  EXPECT_EQ(last.close_code(), 4429);
  EXPECT_EQ(after_block, 0u) << "of " << queued << " that waited";
  EXPECT_TRUE(client.waits_for_end());
}

TEST(SlowReader, a_slow_reader_gets_what_must_be_and_the_newest_of_what_may_be_superseded) {
  TestWorker worker;
  TestClient client(worker, 4096);
  (void)open_websocket(client);
  block(worker, 100'000);
  for (unsigned i = 0; i < 5000; ++i) {
    const DeliveryTerms terms{.delivery_class = DeliveryClass::latest, .key = 1 + i % 2};
    worker.session()->send(worker.endpoint.share(make_frame(fmt::format("4{}", i)), terms));
    if (i % 1000 == 0) worker.session()->send(make_frame(fmt::format("4must{}", i)));
  }
  EXPECT_EQ(worker.stats().latest_superseded, 4998u);
  std::vector<std::string> received;
  while (received.empty() || received.back() != "44999") {
    const ServerFrame frame = client.frame();
    ASSERT_EQ(frame.opcode, Opcode::text);
    if (frame.payload.size() < 100) received.push_back(frame.payload);
  }
  EXPECT_EQ(received, (std::vector<std::string>{"4must0", "4must1000", "4must2000", "4must3000",
                                                "4must4000", "44998", "44999"}));
}

TEST(SlowReader, of_many_slow_readers_those_are_closed_that_hold_more_than_their_share) {
  TestWorker worker({.outbox_bytes_max = 64 << 20, .backlog_bytes_max = 2'000'000});
  TestClient slow(worker, 4096), slower(worker, 4096);
  (void)open_websocket(slow);
  (void)open_websocket(slower);
  const FrameRef frame = worker.endpoint.share(make_frame("4" + std::string(100'000, 'x')));
  for (const EngineId id : worker.application.opened) {
    const std::size_t before = worker.endpoint.backlog().sessions();
    ASSERT_TRUE(until({&worker}, [&] {
      worker.endpoint.find(id)->send(frame);
      return worker.endpoint.backlog().sessions() > before;
    }));
  }
  EngineSession& greedy = *worker.session();
  while (greedy.send(frame) == Sent::queued) {
  }
  worker.tick();
  EXPECT_EQ(worker.application.closed, std::vector{CloseReason::outbox_overflow});
  EXPECT_EQ(worker.endpoint.backlog().sessions(), 1u);
  EXPECT_LE(worker.endpoint.backlog().bytes(), 2'000'000u);
  EXPECT_EQ(worker.endpoint.find(worker.application.opened.front())->send(frame), Sent::queued);
}

TEST(SlowReader, a_volatile_packet_is_dropped_while_the_socket_is_full) {
  TestWorker worker;
  TestClient client(worker, 4096);
  (void)open_websocket(client);
  const FrameRef frame =
      worker.endpoint.share(make_frame("4now"), {.delivery_class = DeliveryClass::volatile_});
  EXPECT_EQ(worker.session()->send(frame), Sent::queued);
  block(worker, 100'000);
  EXPECT_EQ(worker.session()->send(frame), Sent::dropped);
  ASSERT_TRUE(until({&worker}, [&] {
    client.received();
    return !worker.endpoint.find(kFirst)->blocked();
  }));
  EXPECT_EQ(worker.session()->send(frame), Sent::queued);
}

TEST(SlowReader, pings_of_a_peer_that_never_reads_are_not_hoarded) {
  TestWorker worker;
  TestClient client(worker, 4096);
  (void)open_websocket(client);
  block(worker, 100'000);
  const std::uint64_t frames = worker.stats().frames_sent;
  std::string pings;
  for (int i = 0; i < 1000; ++i) pings += client_frame(Opcode::ping, "old");
  client.send(pings + client_frame(Opcode::ping, "latest") + client_frame(Opcode::text, "4seen"));
  ASSERT_TRUE(until({&worker}, [&] { return !worker.application.texts.empty(); }));
  EXPECT_EQ(worker.stats().frames_sent, frames);
  ServerFrame frame;
  do frame = client.frame();
  while (frame.opcode == Opcode::text);
  EXPECT_EQ(frame.opcode, Opcode::pong);
  EXPECT_EQ(frame.payload, "latest");
}

}  // namespace
}  // namespace outcry::transport
