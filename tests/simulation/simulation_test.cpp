#include "simulation.h"

#include <string>

#include <gtest/gtest.h>

namespace outcry::simulation {
namespace {

constexpr std::uint32_t kSeeds = 300;

TEST(SimulationTest, nothing_is_lost_shown_twice_or_out_of_order) {
  Simulation::Figures sum;
  for (std::uint32_t seed = 1; seed <= kSeeds; ++seed) {
    Simulation simulation(seed, Mutant::none);
    const auto fault = simulation.run();
    ASSERT_FALSE(fault) << "seed " << seed << ": " << *fault;
    sum.crashes += simulation.figures().crashes;
    sum.returns += simulation.figures().returns;
  }
  EXPECT_GT(sum.crashes, kSeeds) << "or it has shown nothing";
  EXPECT_GT(sum.returns, 5 * kSeeds);
}

TEST(SimulationTest, a_seed_is_one_history) {
  Simulation one(7, Mutant::replay_repeats_one), other(7, Mutant::replay_repeats_one);
  EXPECT_EQ(one.run(), other.run());
  EXPECT_EQ(one.figures().events, other.figures().events);
}

class MutantTest : public testing::TestWithParam<MutantName> {};

TEST_P(MutantTest, is_found) {
  for (std::uint32_t seed = 1; seed <= kSeeds; ++seed) {
    if (Simulation(seed, GetParam().mutant).run()) return;
  }
  FAIL() << GetParam().name << " was not noticed in " << kSeeds << " seeds";
}

INSTANTIATE_TEST_SUITE_P(Each, MutantTest, testing::ValuesIn(kMutants.begin() + 1, kMutants.end()),
                         [](const auto& param) { return std::string(param.param.name); });

}  // namespace
}  // namespace outcry::simulation
