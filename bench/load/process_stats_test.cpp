#include "load/process_stats.h"

#include <gtest/gtest.h>
#include <unistd.h>

namespace outcry::bench {
namespace {

TEST(ProcessStats, a_name_with_spaces_and_parentheses_does_not_shift_the_fields) {
  ProcessSample sample;
  ASSERT_TRUE(parse_proc_stat(
      "7 (a) b (c) S 1 7 7 0 -1 4194560 100 0 0 0 250 1300 0 0 20 0 1 0 9 1 1", 100, sample));
  EXPECT_DOUBLE_EQ(sample.user_seconds, 2.5);
  EXPECT_DOUBLE_EQ(sample.kernel_seconds, 13.0);
}

TEST(ProcessStats, text_without_the_fields_is_refused) {
  ProcessSample sample;
  EXPECT_FALSE(parse_proc_stat("", 100, sample));
  EXPECT_FALSE(parse_proc_stat("7 (a) S 1 2 3", 100, sample));
  EXPECT_FALSE(parse_proc_status("Name:\ta\nVmSize:\t12 kB\n", sample));
  ASSERT_TRUE(parse_proc_status("Name:\ta\nVmRSS:\t    1234 kB\nThreads:\t1\n", sample));
  EXPECT_EQ(sample.resident_kb, 1234U);
}

TEST(ProcessStats, this_process_is_there_and_pid_0_is_not) {
  const auto own = sample_process(getpid());
  ASSERT_TRUE(own.has_value());
  EXPECT_GT(own->resident_kb, 0U);
  EXPECT_FALSE(sample_process(0).has_value());
}

}  // namespace
}  // namespace outcry::bench
