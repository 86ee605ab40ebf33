#include "simulation.h"

#include <string>

#include <gtest/gtest.h>

namespace outcry::simulation {
namespace {

constexpr std::uint32_t kSeeds = 120;

TEST(SimulationTest, nothing_is_lost_shown_twice_or_out_of_order) {
  Figures sum;
  for (std::uint32_t seed = 1; seed <= kSeeds; ++seed) {
    const Outcome outcome = simulate(seed, Mutant::none);
    ASSERT_FALSE(outcome.fault) << "seed " << seed << ": " << *outcome.fault;
    sum += outcome.figures;
  }
  EXPECT_GT(sum.crashes, kSeeds) << "or it has shown nothing";
  EXPECT_GT(sum.recoveries, 3 * kSeeds);
  EXPECT_GT(sum.disk_faults, kSeeds);
}

TEST(SimulationTest, a_seed_is_one_history) {
  for (std::uint32_t seed = 1; seed <= 10; ++seed) {
    const Outcome one = simulate(seed, Mutant::none), other = simulate(seed, Mutant::none);
    EXPECT_EQ(one.trace, other.trace) << "every octet, in its order";
    EXPECT_EQ(one.figures.frames, other.figures.frames);
    EXPECT_NE(one.trace, simulate(seed + 1, Mutant::none).trace);
  }
}

class MutantTest : public testing::TestWithParam<MutantName> {};

TEST_P(MutantTest, is_found) {
  for (std::uint32_t seed = 1; seed <= kSeeds; ++seed) {
    if (simulate(seed, GetParam().mutant).fault) return;
  }
  FAIL() << GetParam().name << " was not noticed in " << kSeeds << " seeds";
}

INSTANTIATE_TEST_SUITE_P(Each, MutantTest, testing::ValuesIn(kMutants.begin() + 1, kMutants.end()),
                         [](const auto& param) { return std::string(param.param.name); });

}  // namespace
}  // namespace outcry::simulation
