#include "net/cpu.h"

#include <fstream>
#include <string>
#include <thread>

#include <gtest/gtest.h>
#include <sched.h>
#include <unistd.h>

namespace outcry::net {
namespace {

/// A tree of cgroups as the kernel shows it, in a folder of its own.
class CgroupTest : public testing::Test {
 protected:
  ~CgroupTest() override { std::filesystem::remove_all(root_); }
  void write(const std::string& group, const std::string& cpu_max) {
    std::filesystem::create_directories(root_ / group);
    std::ofstream(root_ / group / "cpu.max") << cpu_max << '\n';
  }
  const std::filesystem::path root_ =
      std::filesystem::path(testing::TempDir()) / ("cgroups-" + std::to_string(::getpid()));
};

TEST(CpuMax, is_a_quota_and_a_period) {
  EXPECT_EQ(parse_cpu_max("200000 100000"), 2.0);
  EXPECT_EQ(parse_cpu_max("50000 100000\n"), 0.5);
  EXPECT_EQ(parse_cpu_max("max 100000"), std::nullopt);
  for (const char* bad : {"", "max", "200000", "0 100000", "100000 0", "a b", "1 2 3", "-1 2"}) {
    EXPECT_EQ(parse_cpu_max(bad), std::nullopt) << bad;
  }
}

TEST_F(CgroupTest, the_narrowest_group_on_the_way_up_decides) {
  write("", "max 100000");
  write("pods", "400000 100000");
  write("pods/this", "800000 100000");
  EXPECT_EQ(cgroup_quota(root_, "/pods/this"), 4.0);
  EXPECT_EQ(cgroup_quota(root_, "/pods/"), 4.0);
  write("pods/this", "150000 100000");
  EXPECT_EQ(cgroup_quota(root_, "/pods/this"), 1.5);
}

TEST_F(CgroupTest, no_group_no_file_and_no_limit_are_no_quota) {
  EXPECT_EQ(cgroup_quota(root_, "/pods/this"), std::nullopt);
  EXPECT_EQ(cgroup_quota(root_, ""), std::nullopt);
  write("", "max 100000");
  EXPECT_EQ(cgroup_quota(root_, "/"), std::nullopt);
  write("", "300000 100000");  // a container sees its own group as the root
  EXPECT_EQ(cgroup_quota(root_, "/"), 3.0);
}

TEST(CpuBudgetTest, the_scarcer_of_mask_and_quota_counts) {
  EXPECT_EQ((CpuBudget{.allowed = {0, 1, 2, 3}}.parallel()), 4u);
  EXPECT_EQ((CpuBudget{.allowed = {0, 1, 2, 3}, .quota = 2.0}.parallel()), 2u);
  EXPECT_EQ((CpuBudget{.allowed = {0, 1, 2, 3}, .quota = 2.5}.parallel()), 3u);
  EXPECT_EQ((CpuBudget{.allowed = {0, 1}, .quota = 64.0}.parallel()), 2u);
  EXPECT_EQ((CpuBudget{.allowed = {0, 1}, .quota = 0.1}.parallel()), 1u);
  EXPECT_EQ(CpuBudget{}.parallel(), 1u);
}

TEST(CpuBudgetTest, a_pinned_thread_has_one_cpu_and_the_others_keep_theirs) {
  const CpuBudget before = cpu_budget();
  ASSERT_FALSE(before.allowed.empty());
  const unsigned last = before.allowed.back();
  std::jthread([last] {
    ASSERT_EQ(pin_this_thread(last), std::error_code());
    EXPECT_EQ(cpu_budget().allowed, std::vector{last});
    EXPECT_EQ(::sched_getcpu(), static_cast<int>(last));
  }).join();
  EXPECT_EQ(cpu_budget().allowed, before.allowed);
}

TEST(CpuBudgetTest, a_cpu_that_does_not_exist_is_refused) {
  EXPECT_EQ(pin_this_thread(16'383), std::errc::invalid_argument);
  EXPECT_EQ(pin_this_thread(1'000'000), std::errc::invalid_argument);
}

}  // namespace
}  // namespace outcry::net
