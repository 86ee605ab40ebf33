#include "gateway/placement.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/ids.h"

namespace outcry::gateway {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

net::CpuBudget cpus(std::vector<unsigned> allowed, std::optional<double> quota = {}) {
  return {.allowed = std::move(allowed), .quota = quota};
}

std::size_t workers_on(const net::CpuBudget& budget) {
  return place({}, budget).workers;
}

TEST(PlacementTest, from_three_cpus_on_one_is_left_to_control) {
  EXPECT_EQ(workers_on(cpus({0})), 1u);
  EXPECT_EQ(workers_on(cpus({0, 1})), 2u);
  EXPECT_EQ(workers_on(cpus({0, 1, 2})), 2u);
  EXPECT_EQ(workers_on(cpus({4, 5, 6, 7})), 3u);
  EXPECT_EQ(workers_on({}), 1u);
}

TEST(PlacementTest, a_quota_counts_like_missing_cpus) {
  EXPECT_EQ(workers_on(cpus({0, 1, 2, 3, 4, 5, 6, 7}, 2.0)), 2u);
  EXPECT_EQ(workers_on(cpus({0, 1, 2, 3, 4, 5, 6, 7}, 0.5)), 1u);
  EXPECT_EQ(workers_on(cpus({0, 1, 2, 3, 4, 5, 6, 7}, 3.5)), 3u);
}

TEST(PlacementTest, what_is_configured_is_taken_up_to_the_most_there_can_be) {
  EXPECT_EQ(place({.workers = 7}, cpus({0, 1})).workers, 7u);
  EXPECT_EQ(place({.workers = 1'000}, cpus({0, 1})).workers, kWorkersMax);
  std::vector<unsigned> many(200);
  for (unsigned i = 0; i < many.size(); ++i) many[i] = i;
  EXPECT_EQ(workers_on(cpus(many)), kWorkersMax);
}

TEST(PlacementTest, nobody_is_pinned_unless_asked_for) {
  const Placement placement = place({}, cpus({0, 1, 2, 3}));
  EXPECT_THAT(placement.worker_cpus, IsEmpty());
  EXPECT_EQ(placement.control_cpu, std::nullopt);
  EXPECT_EQ(placement.warning, "");
  EXPECT_EQ(placement.summary, "3 workers, unpinned, on CPUs 0-3");
}

TEST(PlacementTest, each_worker_has_a_cpu_of_the_mask_and_control_the_next) {
  const Placement placement = place({.pin_workers = true}, cpus({2, 3, 8, 10}));
  EXPECT_THAT(placement.worker_cpus, ElementsAre(2, 3, 8));
  EXPECT_EQ(placement.control_cpu, 10u);
  EXPECT_EQ(placement.summary, "3 workers on CPUs 2-3,8, in this order; control on CPU 10");
}

TEST(PlacementTest, control_floats_when_the_workers_have_every_cpu) {
  const Placement placement = place({.workers = 2, .pin_workers = true}, cpus({0, 1}));
  EXPECT_THAT(placement.worker_cpus, ElementsAre(0, 1));
  EXPECT_EQ(placement.control_cpu, std::nullopt);
  EXPECT_EQ(placement.summary, "2 workers on CPUs 0-1, in this order; control on any of them");
  EXPECT_EQ(place({.workers = 1, .pin_workers = true}, cpus({5})).summary,
            "1 worker on CPUs 5, in this order; control on any of them");
}

TEST(PlacementTest, pinning_that_would_harm_is_refused_with_its_reason) {
  const Placement crowded = place({.workers = 3, .pin_workers = true}, cpus({0, 1}));
  EXPECT_THAT(crowded.worker_cpus, IsEmpty());
  EXPECT_EQ(crowded.control_cpu, std::nullopt);
  EXPECT_THAT(crowded.warning, HasSubstr("3 workers are more than 2 CPUs"));
  const Placement granted = place({.pin_workers = true}, cpus({0, 1, 2, 3}, 2.0));
  EXPECT_THAT(granted.worker_cpus, IsEmpty());
  EXPECT_THAT(granted.warning, HasSubstr("quota of 2.0 CPUs on 4"));
  EXPECT_THAT(granted.summary, HasSubstr("quota 2.0 CPUs"));
  EXPECT_EQ(place({.pin_workers = true}, cpus({0, 1}, 2.0)).warning, "")
      << "a quota of all there is takes nothing away";
}

}  // namespace
}  // namespace outcry::gateway
