#include "inprocess/write_watch.h"

#include <algorithm>

#include <gtest/gtest.h>

namespace outcry::bench {
namespace {

constexpr std::uint64_t kMs = 1'000'000;

/// One burst of `bytes` that takes `took_ns`; the watch is asked when it wants to. Returns how
/// often.
int play(WriteWatch& watch, std::uint64_t& now, std::uint64_t& total, std::uint64_t bytes,
         std::uint64_t took_ns) {
  const std::uint64_t start = now;
  const std::uint64_t base = total;
  std::uint64_t ask_at = watch.start(now);
  for (int questions = 1;; ++questions) {
    now = std::max(now, ask_at);
    const std::uint64_t share = std::min(now - start, took_ns);
    total = base + bytes * share / took_ns;
    ask_at = watch.answered(total, now);
    if (ask_at == 0) return questions;
  }
}

TEST(WriteWatch, a_burst_is_out_when_as_much_was_written_as_for_the_one_before) {
  WriteWatch watch(1000);
  EXPECT_EQ(watch.start(0), 0U);
  EXPECT_GT(watch.answered(1000, 1), 1U);  // taken, not written
  EXPECT_GT(watch.answered(1500, 2), 2U);  // how much it will be isn't known yet
  EXPECT_EQ(watch.answered(1500, 3), 0U);
  (void)watch.start(4);  // when to ask isn't the question here
  EXPECT_GT(watch.answered(1750, 6), 6U);
  EXPECT_EQ(watch.answered(2000, 7), 0U);
}

TEST(WriteWatch, a_smaller_burst_is_out_when_no_more_follows) {
  WriteWatch watch(0);
  std::uint64_t now = 0, total = 0;
  play(watch, now, total, 1000, kMs);
  EXPECT_GE(play(watch, now, total, 900, kMs), 2);
  EXPECT_EQ(total, 1900U);
}

TEST(WriteWatch, a_heartbeat_in_one_burst_does_not_make_the_next_wait) {
  WriteWatch watch(0);
  (void)watch.start(0);  // as above
  EXPECT_GT(watch.answered(10'100, 1), 1U);
  EXPECT_EQ(watch.answered(10'100, 2), 0U);
  (void)watch.start(3);  // as above
  EXPECT_EQ(watch.answered(20'100, 4), 0U);
}

TEST(WriteWatch, what_nobody_reads_is_waited_for_a_second) {
  WriteWatch watch(0);
  (void)watch.start(5);  // as above
  EXPECT_GT(watch.answered(0, 6), 6U);
  EXPECT_GT(watch.answered(0, WriteWatch::kGiveUpNs), WriteWatch::kGiveUpNs);
  EXPECT_EQ(watch.answered(0, WriteWatch::kGiveUpNs + 5), 0U);
}

TEST(WriteWatch, steady_bursts_need_few_questions_and_are_noticed_soon) {
  WriteWatch watch(0);
  std::uint64_t now = 0, total = 0;
  play(watch, now, total, 455'000, 4 * kMs);
  int questions = 0;
  const std::uint64_t start = now;
  constexpr int kBursts = 100;
  for (int i = 0; i < kBursts; ++i) questions += play(watch, now, total, 455'000, 4 * kMs);
  EXPECT_LE(questions, 3 * kBursts);
  EXPECT_LE(now - start, kBursts * 4 * kMs * 104 / 100);
}

TEST(WriteWatch, one_hiccup_does_not_slow_down_what_follows) {
  WriteWatch watch(0);
  std::uint64_t now = 0, total = 0;
  for (int i = 0; i < 10; ++i) play(watch, now, total, 1000, 4 * kMs);
  play(watch, now, total, 1000, 40 * kMs);
  const std::uint64_t start = now;
  for (int i = 0; i < 20; ++i) play(watch, now, total, 1000, 4 * kMs);
  EXPECT_LE(now - start, 20 * 4 * kMs * 110 / 100);
}

}  // namespace
}  // namespace outcry::bench
