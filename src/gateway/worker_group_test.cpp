#include "gateway/worker_group.h"

#include <future>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "gateway/client_for_test.h"
#include "gateway/gateway_setup.h"
#include "net/cpu.h"

namespace outcry::gateway {
namespace {

constexpr std::size_t kMailbox = kWorkerMessagesMax;
constexpr std::size_t kBacklog = 256 * 1024;

config::Config test_config() {
  config::Config config;
  config.server.workers = 1;
  config.auth.secret = test::kSecret;
  return config;
}

/// Its worker doesn't run before start(): what is posted piles up.
class WorkerGroupTest : public testing::Test {
 protected:
  void fill(std::size_t messages) {
    const auto event = std::make_shared<const Delivery>();
    for (std::size_t i = 0; i < messages; ++i) ASSERT_TRUE(group_.post(0, event));
  }

  const config::Config config_ = test_config();
  const SharedRules rules_ = shared_rules(config_);
  const transport::TransportOptions transport_ = transport_options(config_);
  ControlWaker waker_{[] {}};
  ControlMailbox mailbox_{waker_, 16};
  WorkerGroup group_{rules_, transport_, nullptr, mailbox_, Placement{.workers = 1}};
};

TEST_F(WorkerGroupTest, a_backlog_is_bounded_but_for_answers) {
  fill(kMailbox + kBacklog - 1);
  EXPECT_TRUE(group_.has_room(group_.all()));
  fill(1);
  EXPECT_FALSE(group_.has_room(group_.all()));
  EXPECT_TRUE(group_.has_room(0));
  EXPECT_FALSE(group_.post(0, std::make_shared<const Delivery>()));
  EXPECT_EQ(group_.dropped(), 1u);
  EXPECT_TRUE(group_.post(0, std::make_unique<JoinAnswer>()));
  EXPECT_TRUE(group_.post(0, Drain{}));
  EXPECT_EQ(group_.dropped(), 1u);
}

TEST_F(WorkerGroupTest, a_worker_that_sleeps_is_woken_for_its_backlog) {
  std::promise<void> first, last;
  fill(kMailbox - 1);
  ASSERT_TRUE(group_.post(
      0, std::make_unique<StatsRequest>([&](const WorkerStats&) { first.set_value(); })));
  ASSERT_TRUE(group_.clear());
  ASSERT_TRUE(group_.post(
      0, std::make_unique<StatsRequest>([&](const WorkerStats&) { last.set_value(); })));
  EXPECT_TRUE(group_.wake());  // a backlog remains
  group_.start();
  first.get_future().wait();
  EXPECT_FALSE(group_.wake());
  EXPECT_EQ(last.get_future().wait_for(std::chrono::seconds(20)), std::future_status::ready);
}

TEST_F(WorkerGroupTest, threads_run_where_they_were_placed) {
  const std::vector<unsigned> mine = net::cpu_budget().allowed;
  ASSERT_FALSE(mine.empty());
  WorkerGroup placed(rules_, transport_, nullptr, mailbox_,
                     Placement{.worker_cpus = {mine.front()}, .control_cpu = mine.back()});
  std::promise<std::vector<unsigned>> workers_cpus;
  std::vector<unsigned> controls_cpus;
  std::jthread([&] {  // plays the control thread, which start() pins
    placed.start();
    controls_cpus = net::cpu_budget().allowed;
  })
      .join();
  ASSERT_TRUE(placed.post(0, std::make_unique<StatsRequest>([&](const WorkerStats&) {
                            workers_cpus.set_value(net::cpu_budget().allowed);
                          })));
  (void)placed.wake();
  EXPECT_EQ(workers_cpus.get_future().get(), std::vector{mine.front()});
  EXPECT_EQ(controls_cpus, std::vector{mine.back()});
  EXPECT_EQ(net::cpu_budget().allowed, mine);
}

TEST_F(WorkerGroupTest, a_cpu_that_is_not_there_leaves_a_worker_unpinned) {
  WorkerGroup placed(rules_, transport_, nullptr, mailbox_, Placement{.worker_cpus = {16'383}});
  placed.start();
  std::promise<std::vector<unsigned>> workers_cpus;
  ASSERT_TRUE(placed.post(0, std::make_unique<StatsRequest>([&](const WorkerStats&) {
                            workers_cpus.set_value(net::cpu_budget().allowed);
                          })));
  (void)placed.wake();
  EXPECT_EQ(workers_cpus.get_future().get(), net::cpu_budget().allowed);
}

TEST_F(WorkerGroupTest, it_stops_whatever_waits) {
  fill(kMailbox + 10);
  group_.start();
  group_.stop();
  group_.stop();
  EXPECT_EQ(group_.dropped(), 0u);
}

}  // namespace
}  // namespace outcry::gateway
