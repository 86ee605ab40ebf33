// simulation/simulation.h — one seed, one run: random clients, publications and faults, in a world
// in which nothing moves by itself.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "checker.h"
#include "mutant.h"
#include "node.h"

namespace outcry::simulation {

class Simulation {
 public:
  Simulation(std::uint32_t seed, Mutant mutant);

  /// What is wrong, in words; nullopt if nothing is.
  [[nodiscard]] std::optional<std::string> run();
  /// Steps taken, crashes suffered, clients that came back: that a run was worth something.
  struct Figures {
    std::uint64_t steps = 0;
    std::uint64_t crashes = 0;
    std::uint64_t returns = 0;
    std::uint64_t events = 0;
  };
  [[nodiscard]] const Figures& figures() const noexcept { return figures_; }

 private:
  struct Client {
    std::vector<std::string> rooms;
    SessionPtr session;  // null: it is away
    SessionPtr before;   // what the node may take to be there still
    std::string offset;  // of the last event that its handlers saw; empty: never connected
    bool connected = false;
  };
  struct Outstanding {  // published, and not answered yet
    bus::Publication publication;
    bool under_way = false;
  };

  void step();
  void publish_something();
  void publish_event(const std::string& name, std::vector<std::string> rooms);
  void publish_value(const std::string& room, const std::string& key);
  void send(std::uint32_t event);
  void retry();
  void receive(std::size_t client, std::size_t most);
  void read(std::size_t client, const std::string& text);
  void cut(std::size_t client);
  void connect(std::size_t client);
  void crash();
  void settle();
  bool advance();
  [[nodiscard]] std::uint32_t pick(std::uint32_t most) {
    return static_cast<std::uint32_t>(random_()) % most;
  }

  const Mutant mutant_;
  std::mt19937 random_;
  eventlog::SimulatedDisk disk_;
  gateway::Config config_;
  std::unique_ptr<Node> node_;
  std::vector<Client> clients_;
  Checker checker_;
  std::map<std::uint32_t, Outstanding> outstanding_;
  std::uint32_t last_event_ = 0;
  std::uint32_t last_version_ = 0;
  std::uint32_t run_ = 0;  // of the node: answers of an earlier one count for nothing
  Figures figures_;
};

}  // namespace outcry::simulation
