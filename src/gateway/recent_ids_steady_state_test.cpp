// That remembering an id costs the same each time: a table that has to grow, or to be made anew,
// asks for memory.
#include <string>

#include <gtest/gtest.h>

#include "gateway/allocation_count_for_test.h"
#include "gateway/recent_ids.h"

namespace outcry::gateway {
namespace {

TEST(RecentIdsSteadyStateTest, no_id_waits_for_a_table_that_is_made_anew) {
  if (!test::counts_allocations()) GTEST_SKIP() << "sanitizers have a malloc of their own";
  constexpr std::uint64_t kIds = 5'000;
  RecentIds ids(kIds);
  const auto accept = [&ids](std::uint64_t i) {
    const TextDigest id = digest_text(std::to_string(i));
    if (ids.find(id)) return false;
    ids.begin(id, {});
    ids.finish(id, eventlog::Position{.life = 1, .durable = 0, .released = i});
    return true;
  };
  EXPECT_TRUE(accept(0));  // the table of those under way is made for the first
  const std::uint64_t before = test::allocation_count().allocations;
  std::uint64_t accepted = 0;
  for (std::uint64_t i = 1; i < 40 * kIds; ++i) accepted += accept(i) ? 1U : 0U;
  EXPECT_EQ(test::allocation_count().allocations, before);
  EXPECT_EQ(accepted, 40 * kIds - 1);
}

}  // namespace
}  // namespace outcry::gateway
