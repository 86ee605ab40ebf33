// Whom an endpoint lets in, and when: batches, and waiting while the worker is behind.
#include <deque>

#include <gtest/gtest.h>

#include "transport/endpoint_fixture.h"

namespace outcry::transport {
namespace {

using test::get;
using test::TestClient;
using test::TestWorker;
using test::until;
using namespace std::chrono_literals;

/// Connected as far as they know: they wait in the kernel's queue.
std::deque<TestClient> connect(TestWorker& worker, int clients) {
  std::deque<TestClient> out;
  for (int i = 0; i < clients; ++i) out.emplace_back(worker);
  return out;
}

TEST(Accepting, takes_a_batch_in_each_tick) {
  TestWorker worker({.accepts_per_tick = 4});
  const auto clients = connect(worker, 10);
  std::uint64_t before = 0;
  while (worker.stats().connections_accepted < 10) {
    worker.tick();
    ASSERT_LE(worker.stats().connections_accepted, before + 4);
    before = worker.stats().connections_accepted;
  }
  EXPECT_EQ(worker.endpoint.connection_count(), 10u);
  EXPECT_EQ(worker.stats().accept_pauses, 0u);
}

TEST(Accepting, a_worker_that_is_behind_serves_those_who_are_in_and_lets_the_others_wait) {
  TestWorker worker({.accept_late_tick = 1s, .accept_pause = 24h});
  TestClient inside(worker);
  ASSERT_TRUE(until({&worker}, [&] { return worker.stats().connections_accepted == 1; }));
  worker.late_by = 2s;
  TestClient outside(worker);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(inside.request(get("/none")).status, 404);
  EXPECT_EQ(worker.stats().connections_accepted, 1u);
  EXPECT_EQ(worker.stats().accept_pauses, 1u) << "one pause, however many ticks it lasts";

  worker.late_by = 0s;
  EXPECT_EQ(outside.request(get("/none")).status, 404);
  EXPECT_EQ(worker.stats().connections_accepted, 2u);

  worker.late_by = 2s;
  const auto more = connect(worker, 1);
  ASSERT_TRUE(until({&worker}, [&] { return worker.stats().accept_pauses == 2; }));
  EXPECT_EQ(worker.stats().connections_accepted, 2u);
}

TEST(Accepting, a_worker_that_is_always_behind_still_takes_a_batch_after_each_pause) {
  TestWorker worker({.accepts_per_tick = 4, .accept_late_tick = 1s, .accept_pause = 0ms});
  worker.late_by = 2s;
  const auto clients = connect(worker, 10);
  EXPECT_TRUE(until({&worker}, [&] { return worker.stats().connections_accepted == 10; }));
  EXPECT_EQ(worker.stats().accept_pauses, 0u);
}

TEST(Accepting, without_a_bound_no_tick_is_late) {
  TestWorker worker({.accept_late_tick = 0ms, .accept_pause = 24h});
  worker.late_by = 3600s;
  const auto clients = connect(worker, 10);
  EXPECT_TRUE(until({&worker}, [&] { return worker.stats().connections_accepted == 10; }));
}

TEST(Accepting, an_endpoint_that_listens_no_more_forgets_who_waits) {
  TestWorker worker({.accept_late_tick = 1s, .accept_pause = 24h});
  TestClient inside(worker);
  ASSERT_TRUE(until({&worker}, [&] { return worker.stats().connections_accepted == 1; }));
  worker.late_by = 2s;
  const auto outside = connect(worker, 1);
  ASSERT_TRUE(until({&worker}, [&] { return worker.stats().accept_pauses == 1; }));
  worker.endpoint.stop_listening();
  worker.late_by = 0s;
  EXPECT_EQ(inside.request(get("/none")).status, 404);
  EXPECT_EQ(worker.stats().connections_accepted, 1u);
}

}  // namespace
}  // namespace outcry::transport
