// simulation/simulation.h — one seed, one run: random clients, publications and faults, in a world
// in which nothing moves by itself.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "browser.h"
#include "checker.h"
#include "eventlog/simulated_disk.h"
#include "machine.h"
#include "mutant.h"
#include "node.h"

namespace outcry::simulation {

/// Steps taken, crashes suffered, clients that came back: that a run was worth something.
struct Figures {
  std::uint64_t steps = 0;
  std::uint64_t events = 0;
  std::uint64_t crashes = 0;
  std::uint64_t cuts = 0;
  std::uint64_t recoveries = 0;
  std::uint64_t frames = 0;  // that clients were sent
  std::uint64_t disk_faults = 0;

  Figures& operator+=(const Figures& other);
};

struct Outcome {
  std::optional<std::string> fault;  // what is wrong, in words
  std::uint64_t trace = 0;           // of all that passed between node and clients
  Figures figures;
};

/// A whole run, on a thread of its own.
[[nodiscard]] Outcome simulate(std::uint32_t seed, Mutant mutant);

class Simulation {
 public:
  Simulation(std::uint32_t seed, Mutant mutant);
  ~Simulation();

  [[nodiscard]] Outcome run();

 private:
  struct Outstanding {  // published, and not answered yet
    bus::Publication publication;
    bool under_way = false;
  };

  void step();
  void run_threads(std::uint32_t most);
  void run_control(std::uint32_t most);
  void publish_something();
  void publish_event(const std::string& name, std::vector<std::string> rooms);
  void publish_value(const std::string& room, const std::string& key);
  void send(std::uint32_t event);
  void retry();
  void connect(Browser& browser);
  void cut(Browser& browser);
  void crash();
  void change_disk();
  void start();
  void pass_time();
  void settle();
  void move_everything();
  [[nodiscard]] std::optional<std::string> verdict() const;
  [[nodiscard]] bool is_known(const std::string& offset) const;
  [[nodiscard]] std::uint32_t pick(std::uint32_t most) {
    return static_cast<std::uint32_t>(random_()) % most;
  }

  std::mt19937 random_;
  Machine machine_;
  eventlog::SimulatedDisk disk_;
  config::Config config_;
  std::unique_ptr<Node> node_;
  Checker checker_;
  std::vector<Browser> browsers_;
  std::map<std::uint32_t, Outstanding> outstanding_;
  std::uint32_t last_event_ = 0;
  std::uint32_t last_version_ = 0;
  std::uint32_t life_ = 0;  // of the node: answers of an earlier one count for nothing
  std::set<eventlog::Life> lives_on_disk_;
  bool disk_fails_ = false;
  bool disk_has_failed_ = false;  // in this life of the node
  Figures figures_;
};

}  // namespace outcry::simulation
