// What a delivery must not cost: memory asked for, or a word that other threads write to.
//
// One worker with real sockets; the test is the control thread, and counts on the worker's. In
// steady state, which is: the members are in their rooms, have had a burst as big as any later one,
// and keep up, nothing is allocated between the mailbox and the socket. What is given back are the
// frames: their blocks came from the control thread, and end with the last worker's write.
//
// Shared words that a worker's thread changes, by locked instructions or stores that others read:
//   for each wake-up   the mailbox's flag (an exchange), the eventfd
//   for each message   its cell of the queue, handed back by a plain store with release
//   for each event     the frame's count: down once, when the last member's bytes are written; and
//                      with the block, what the C library's free() locks to give it back to the
//                      control thread's arena
//   for each delivery  none: members hold a FrameRef, whose count is the worker's own
// The frame's count is measured here, while all members have it in their outboxes.
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <deque>
#include <memory>
#include <new>
#include <optional>
#include <semaphore>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "gateway/allocation_count_for_test.h"
#include "gateway/client_for_test.h"
#include "gateway/control_fixture.h"
#include "gateway/gateway_setup.h"
#include "gateway/room_table.h"
#include "gateway/worker.h"
#include "net/tcp.h"

namespace outcry::gateway {
namespace {

using outcry::test::allocation_count;
using outcry::test::AllocationCount;
using test::Client;
using transport::DeliveryClass;
using transport::DeliveryTerms;
using transport::SharedFrame;

constexpr std::size_t kMembers = 48;
constexpr std::size_t kBurst = 16;
constexpr std::size_t kWarmUp = 2 * kBurst;
constexpr std::size_t kEvents = 2'000;
constexpr std::chrono::seconds kPatience{20};

config::Config test_config() {
  config::Config config;
  config.server.workers = 1;
  config.auth.secret = test::kSecret;
  config.engine.ping_interval = std::chrono::hours(1);  // a ping isn't a delivery
  return config;
}

SharedFrame make_event(std::size_t number) {
  return transport::make_frame(fmt::format(R"(42["news",{{"n":{:0>320}}}])", number));
}

/// What happened on the worker's thread between two moments.
struct Span {
  AllocationCount memory;
  WorkerStats stats;
};

class SteadyStateTest : public testing::Test {
 protected:
  SteadyStateTest() {
    auto listener = net::listen_tcp({.host = "127.0.0.1"});
    const std::uint16_t port = net::local_port(listener->get());
    worker_.listen(std::move(*listener));
    thread_ = std::jthread([this] { worker_.run(); });
    common_ = rooms_.find_or_make(0, "challenge_all").room;
    for (std::size_t i = 0; i < kMembers; ++i) {
      Client& client = clients_.emplace_back(port);
      client.connect_as(fmt::format("user{}", i));
      own_.push_back(rooms_.find_or_make(0, fmt::format("challenge_{}", i)).room);
      join(client, "all", common_);
      join(client, std::to_string(i), own_.back());
    }
    // Lists of frames, of outboxes and of who is to be written to get their size: nothing later is
    // bigger. Twice, for the endpoint takes two lists of the latter in turn.
    for (int i = 0; i < 2; ++i) {
      publish_burst(kWarmUp, {});
      expect_everywhere(kWarmUp);
    }
  }
  ~SteadyStateTest() override {
    post(Stop{});
    worker_.wake();
    thread_.join();
  }

  void post(ToWorker message) { ASSERT_TRUE(worker_.post(std::move(message))); }

  void join(Client& client, std::string_view challenge, const rooms::RoomRef& room) {
    client.send(fmt::format(R"(42["join_challenge",{{"challenge_id":"{}"}}])", challenge));
    auto request = std::get<std::unique_ptr<JoinRequest>>(control_.next());
    post(std::make_unique<JoinAnswer>(JoinAnswer{.session = request->session,
                                                 .ticket = request->ticket,
                                                 .verdict = JoinAnswer::Verdict::granted,
                                                 .room = room}));
    worker_.wake();
    ASSERT_TRUE(std::get<JoinSettled>(control_.next()).present);
    ASSERT_NE(client.receive(), "");
  }
  void publish(const rooms::RoomRef& room, SharedFrame frame, const DeliveryTerms& terms) {
    post(RoomDelivery{.room = room->number(), .frame = std::move(frame), .terms = terms});
  }
  void publish_to_all(const DeliveryTerms& terms) {
    publish(common_, make_event(published_++), terms);
    worker_.wake();
  }
  void publish_to_own(std::size_t member, const DeliveryTerms& terms) {
    publish(own_[member], make_event(published_++), terms);
    worker_.wake();
  }
  /// `events` for the common room, all in one tick.
  void publish_burst(std::size_t events, const DeliveryTerms& terms) {
    std::binary_semaphore posted{0};
    post(std::make_unique<StatsRequest>([&](const WorkerStats&) {
      (void)posted.try_acquire_for(kPatience);  // the worker waits here for the whole burst
    }));
    for (std::size_t i = 0; i < events; ++i) publish(common_, make_event(published_++), terms);
    worker_.wake();
    posted.release();
    (void)look();  // the request's lambda refers to `posted`
  }
  void expect_everywhere(std::size_t events) {
    for (Client& client : clients_) expect(client, events);
  }
  void expect(Client& client, std::size_t events) {
    for (std::size_t i = 0; i < events; ++i) {
      ASSERT_TRUE(client.receive().starts_with(R"(42["news",)")) << "event " << i << " is missing";
    }
  }

  /// The worker's counts at a moment when it has written everything that clients have received.
  Span look() {
    Span out;
    std::binary_semaphore done{0};
    post(std::make_unique<StatsRequest>([&](const WorkerStats& stats) {
      out = {.memory = allocation_count(), .stats = stats};
      done.release();
    }));
    worker_.wake();
    EXPECT_TRUE(done.try_acquire_for(kPatience));
    return out;
  }
  /// Runs `deliver`, and expects of the worker's thread no allocation and these many frees.
  template <class F>
  Span expect_steady(std::uint64_t frees, F&& deliver) {
    const Span before = look();
    deliver();
    const Span after = look();
    const Span out{.memory = {after.memory.allocations - before.memory.allocations,
                              after.memory.frees - before.memory.frees},
                   .stats = after.stats};
    if (!outcry::test::counts_allocations()) return out;
    EXPECT_EQ(out.memory.allocations, 0u);
    EXPECT_EQ(out.memory.frees, frees + 1);  // look() itself: its request was boxed by this thread
    return out;
  }

  RoomTable rooms_;
  const config::Config config_ = test_config();
  const SharedRules rules_ = shared_rules(config_);
  const transport::TransportOptions transport_ = transport_options(config_);
  test::ControlForTest control_{[this](ToWorker message) {
    post(std::move(message));
    worker_.wake();
  }};
  Worker worker_{
      0, rules_, transport_, nullptr, control_.mailbox(), [](WorkerId, transport::HandedOver&&) {
        return false;
      }};
  std::jthread thread_;
  std::deque<Client> clients_;
  rooms::RoomRef common_;            // everybody's
  std::vector<rooms::RoomRef> own_;  // one for each member
  std::size_t published_ = 0;
};

constexpr DeliveryTerms kMust{};
constexpr DeliveryTerms kLatest{.delivery_class = DeliveryClass::latest, .key = 7};

TEST(AllocationCountTest, sees_every_kind_and_only_this_threads) {
  if (!outcry::test::counts_allocations()) GTEST_SKIP() << "a sanitizer has its own malloc";
  const AllocationCount before = allocation_count();
  std::jthread([] {
    for (int i = 0; i < 1'000; ++i) ::operator delete(::operator new(100));
  }).join();
  const AllocationCount started = allocation_count();  // to start the thread cost this one some
  EXPECT_LT(started.allocations - before.allocations, 10u);
  ::operator delete(::operator new(100));
  ::operator delete(::operator new(256, std::align_val_t(256)), std::align_val_t(256));
  void* volatile block = std::malloc(10);
  block = std::realloc(block, 20'000);
  std::free(block);
  block = std::calloc(10, 10);
  const AllocationCount after = allocation_count();
  std::free(block);
  EXPECT_EQ(after.allocations - started.allocations, 5u);
  EXPECT_EQ(after.frees - started.frees, 3u);
}

TEST_F(SteadyStateTest, an_event_to_one_room_of_many_allocates_nothing) {
  for (const DeliveryTerms& terms : {kMust, kLatest}) {
    const Span span = expect_steady(kEvents / 4, [&] {
      for (std::size_t i = 0; i < kEvents / 4; ++i) {
        publish_to_all(terms);
        expect_everywhere(1);
      }
    });
    EXPECT_EQ(span.stats.transport.latest_superseded, 0u);
  }
}

TEST_F(SteadyStateTest, events_to_many_rooms_of_one_allocate_nothing) {
  for (const DeliveryTerms& terms : {kMust, kLatest}) {
    expect_steady(kEvents, [&] {
      for (std::size_t i = 0; i < kEvents; ++i) {
        publish_to_own(i % kMembers, terms);
        expect(clients_[i % kMembers], 1);
      }
    });
  }
}

TEST_F(SteadyStateTest, a_burst_is_one_write_for_each_member_and_allocates_nothing) {
  constexpr std::size_t kBursts = 50;
  const std::uint64_t writes_before = look().stats.transport.writes;
  for (const DeliveryTerms& terms : {kMust, kLatest}) {
    // Besides the frames: two boxed requests of publish_burst() each time.
    expect_steady(kBursts * (kBurst + 2), [&] {
      for (std::size_t i = 0; i < kBursts; ++i) {
        publish_burst(kBurst, terms);
        expect_everywhere(kBurst);
      }
    });
  }
  EXPECT_EQ(look().stats.transport.writes - writes_before, 2 * kBursts * kMembers);
}

TEST_F(SteadyStateTest, an_event_for_several_rooms_allocates_nothing) {
  // Boxed by the control thread and shared by all workers; whose reference is the last one, gives
  // it back. Here that is the test.
  const auto delivery = std::make_shared<const Delivery>(
      Delivery{.audience = {.rooms = {{.room = common_}, {.room = own_[0]}, {.room = own_[1]}}},
               .frames = {.own = make_event(published_++)}});
  const auto publish_it = [&] {
    post(delivery);
    worker_.wake();
    expect_everywhere(1);  // once each, though two of them are in two of these rooms
  };
  publish_it();  // the list of whom it is for gets its size
  expect_steady(0, [&] {
    for (std::size_t i = 0; i < kEvents / 4; ++i) publish_it();
  });
}

// As with an event that control keeps for those who join later.
TEST_F(SteadyStateTest, a_frame_that_others_hold_is_not_freed_here) {
  const SharedFrame kept = make_event(published_++);
  expect_steady(0, [&] {
    for (std::size_t i = 0; i < kEvents / 4; ++i) {
      publish(common_, kept, kMust);
      worker_.wake();
      expect_everywhere(1);
    }
  });
  EXPECT_EQ(kept.use_count(), 1u);
}

TEST_F(SteadyStateTest, a_frames_shared_count_is_changed_once_for_a_worker_not_for_each_member) {
  const SharedFrame kept = make_event(published_++);
  std::binary_semaphore posted{0};
  std::uint32_t while_queued = 0;
  std::uint64_t deliveries = 0;
  // Three messages that the worker takes in one tick, before it writes.
  post(std::make_unique<StatsRequest>([&](const WorkerStats& stats) {
    deliveries = stats.clients.deliveries;
    (void)posted.try_acquire_for(kPatience);
  }));
  publish(common_, kept, kMust);
  post(std::make_unique<StatsRequest>([&](const WorkerStats& stats) {
    while_queued = kept.use_count();
    deliveries = stats.clients.deliveries - deliveries;
  }));
  worker_.wake();
  posted.release();
  expect_everywhere(1);
  (void)look();  // what the requests wrote is seen from here on
  EXPECT_EQ(deliveries, kMembers);
  EXPECT_EQ(while_queued, 2u);  // this thread's and the worker's
}

}  // namespace
}  // namespace outcry::gateway
