// simulation/main.cpp — runs seeds, each a history of its own, until one of them goes wrong.
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "simulation.h"

namespace outcry::simulation {
namespace {

struct Options {
  std::uint32_t first = 1;
  std::uint32_t seeds = 1'000;
  std::string mutant = "none";
};

Mutant mutant_of(const std::string& name) {
  for (const MutantName& known : kMutants) {
    if (known.name == name) return known.mutant;
  }
  return Mutant::none;
}

int run(const Options& options) {
  const auto started = std::chrono::steady_clock::now();
  Figures sum;
  for (std::uint32_t i = 0; i < options.seeds; ++i) {
    const std::uint32_t seed = options.first + i;
    const Outcome outcome = simulate(seed, mutant_of(options.mutant));
    if (outcome.fault) {
      fmt::print("seed {}: {}\nagain: simulation --first {} --seeds 1 --mutant {}\n", seed,
                 *outcome.fault, seed, options.mutant);
      return 1;
    }
    sum += outcome.figures;
    if ((i + 1) % 10'000 == 0) fmt::print(stderr, "{} seeds\n", i + 1);
  }
  const auto took = std::chrono::duration<double>(std::chrono::steady_clock::now() - started);
  fmt::print(
      "{} seeds without a fault in {:.1f} s: {} steps, {} events, {} crashes, {} times a full or "
      "broken disk, {} cuts, "
      "{} recoveries, {} frames\n",
      options.seeds, took.count(), sum.steps, sum.events, sum.crashes, sum.disk_faults, sum.cuts,
      sum.recoveries, sum.frames);
  return 0;
}

}  // namespace
}  // namespace outcry::simulation

int main(int argc, char** argv) {
  outcry::simulation::Options options;
  CLI::App app("Runs a whole node through random histories, one for each seed");
  app.add_option("--first", options.first, "the first seed")->capture_default_str();
  app.add_option("--seeds", options.seeds, "so many of them")->capture_default_str();
  CLI::Option* mutant = app.add_option("--mutant", options.mutant, "what is broken on purpose");
  std::vector<std::string> names;
  for (const auto& known : outcry::simulation::kMutants) names.emplace_back(known.name);
  mutant->check(CLI::IsMember(names))->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  try {
    return outcry::simulation::run(options);
  } catch (const std::exception& error) {
    fmt::print(stderr, "simulation: {}\n", error.what());
    return 1;
  }
}
