#include "gateway/user_totals.h"

#include <deque>

#include <gtest/gtest.h>

namespace outcry::gateway {
namespace {

using namespace std::chrono_literals;

const limits::KeyHash kHash = limits::KeyHash::random();
const TimePoint kNow{1'000s};
constexpr std::size_t kWorkers = 4;

/// Workers and control, without the mailboxes between them.
class UserTotalsTest : public testing::Test {
 protected:
  explicit UserTotalsTest(const config::LimitsConfig& config = {.user_packets_per_second = 100,
                                                                .user_packets_burst = 400,
                                                                .user_bytes_per_second = 1'000,
                                                                .user_bytes_burst = 100'000,
                                                                .user_joins_per_second = 1,
                                                                .user_joins_burst = 20})
      : rules_(std::make_shared<const LimitRules>(config, kHash, kWorkers)), totals_(rules_) {
    for (std::size_t i = 0; i < kWorkers; ++i) {
      workers_.emplace_back(rules_, [this](const UserSpent& spent) {
        ++told_;
        if (const auto over = totals_.add(spent, now_)) {
          for (WorkerLimits& worker : workers_) worker.use(*over, now_);
        }
        return true;
      });
    }
  }
  /// How many of so many packets at each of these workers are taken.
  int packets(std::size_t workers, int each, std::size_t bytes = 1) {
    int taken = 0;
    for (int i = 0; i < each; ++i) {
      for (std::size_t w = 0; w < workers; ++w) {
        taken += workers_[w].take_packet("alice", bytes, now_) == 0ms ? 1 : 0;
      }
    }
    return taken;
  }

  const std::shared_ptr<const LimitRules> rules_;
  UserTotals totals_;
  std::deque<WorkerLimits> workers_;
  TimePoint now_ = kNow;
  int told_ = 0;
};

TEST_F(UserTotalsTest, a_user_at_one_worker_has_all_that_is_his) {
  EXPECT_EQ(packets(1, 1'000), 400);
  now_ += 1s;
  EXPECT_EQ(packets(1, 1'000), 100);
}

TEST_F(UserTotalsTest, at_all_workers_he_has_a_quarter_more_at_once_and_no_more_on_and_on) {
  const int at_once = packets(kWorkers, 1'000);
  EXPECT_GE(at_once, 400);
  EXPECT_LE(at_once, 500);
  int then = 0;
  for (int second = 0; second < 60; ++second) {
    now_ += 1s;
    then += packets(kWorkers, 1'000);
  }
  EXPECT_LE(at_once + then, 500 + 60 * 100);
  EXPECT_GE(at_once + then, 400 + 50 * 100) << "what is his he gets";
}

TEST_F(UserTotalsTest, bytes_and_joins_are_added_up_likewise) {
  EXPECT_LE(packets(kWorkers, 20, 10'000), 13) << "of 100,000 bytes";
  int joins = 0;
  for (int i = 0; i < 40; ++i) {
    for (WorkerLimits& worker : workers_) joins += worker.take_join("bob", now_) == 0ms ? 1 : 0;
  }
  EXPECT_GE(joins, 20);
  EXPECT_LE(joins, 25);
}

TEST_F(UserTotalsTest, of_who_takes_little_control_hears_nothing) {
  for (int i = 0; i < 19; ++i) EXPECT_EQ(packets(1, 1), 1);
  EXPECT_EQ(told_, 0);
  EXPECT_EQ(packets(1, 1), 1);
  EXPECT_EQ(told_, 1) << "a twentieth of 400";
}

TEST_F(UserTotalsTest, others_are_let_through) {
  (void)packets(kWorkers, 1'000);
  for (WorkerLimits& worker : workers_) EXPECT_EQ(worker.take_packet("bob", 1, now_), 0ms);
}

TEST_F(UserTotalsTest, who_could_not_be_told_of_is_told_of_later) {
  bool clear = false;
  std::uint32_t units = 0;
  WorkerLimits worker(rules_, [&](const UserSpent& spent) {
    if (clear) units += spent.units[kPackets];
    return clear;
  });
  for (int i = 0; i < 100; ++i) EXPECT_EQ(worker.take_packet("alice", 1, now_), 0ms);
  clear = true;
  EXPECT_EQ(worker.take_packet("alice", 1, now_), 0ms);
  EXPECT_EQ(units, 101u);
}

}  // namespace
}  // namespace outcry::gateway
