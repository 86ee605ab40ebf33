#include "simulation.h"

#include <algorithm>
#include <array>
#include <thread>
#include <utility>

#include <fmt/format.h>
#include <sqlite3.h>

#include "base/text_hash.h"
#include "gateway/client_for_test.h"

namespace outcry::simulation {
namespace {

constexpr std::size_t kClients = 4;
constexpr std::uint32_t kSteps = 1'500;
constexpr std::uint32_t kWallErrorMs = 3'600'000;
constexpr std::array<const char*, 3> kRooms{"symbol_A", "symbol_B", "symbol_C"};
constexpr std::array<const char*, 2> kKeys{"x", "y"};
constexpr const char* kForbiddenRoom = "desk_1";  // no token lists it
// In the end: as long as it takes to find out that a connection is dead, and more.
constexpr int kSettleRounds = 1'000;
constexpr int kQuietRounds = 8;
constexpr milliseconds kRound{60};

config::Config make_config(Mutant mutant) {
  config::Config config;
  config.server.workers = kWorkers;
  config.engine.ping_interval = milliseconds(2'000);
  config.engine.ping_timeout = milliseconds(2'000);
  // Small, so that readers fall behind, and what was missed comes in several parts.
  config.engine.outbox_bytes_max = 3'000;
  config.auth.secret = gateway::test::kSecret;
  config.auth.leeway = seconds(2 * 3'600);  // the wall clock jumps
  config.rooms.owner = {};
  config.rooms.grant = {"desk_{id}"};
  config.limits.user_failed_joins_delay_at = 1'000'000;  // who is banned is shown nothing anyway
  config.limits.user_failed_joins_ban_at = 1'000'000;
  config.events.aliases = {{"risk_alert", {"RISK_ALERT"}}};
  config.events.latest = {"quote"};
  config.events.keys = {{"quote", "key"}};
  config.eventlog.path = "/simulated/log.db";  // a directory that the real disk does not have
  config.recovery.window = std::chrono::hours(24);
  if (mutant == Mutant::early_release) config.eventlog.must = "async";
  return config;
}

}  // namespace

Figures& Figures::operator+=(const Figures& other) {
  steps += other.steps;
  events += other.events;
  crashes += other.crashes;
  cuts += other.cuts;
  recoveries += other.recoveries;
  frames += other.frames;
  disk_faults += other.disk_faults;
  return *this;
}

Outcome simulate(std::uint32_t seed, Mutant mutant) {
  // What a process has once: before all runs, so that none is the first.
  static const std::uint64_t known = [] {
    std::uint64_t out = 0;
    std::thread([&out] {
      const Machine machine(0);
      out = hash_text("");
    }).join();
    return out;
  }();
  (void)known;
  Outcome outcome;
  // What the node keeps for each thread is that of a new process.
  std::thread([&] {
    Simulation simulation(seed, mutant);
    try {
      outcome = simulation.run();
    } catch (const config::ConfigError& error) {
      outcome.fault = fmt::format("the node doesn't start: {}", error.what());
    }
  }).join();
  return outcome;
}

Simulation::Simulation(std::uint32_t seed, Mutant mutant)
    : random_(seed), machine_(seed), disk_(seed), config_(make_config(mutant)), checker_(kClients) {
  t_mutant = mutant;
  sqlite3_vfs_register(sqlite3_vfs_find(disk_.name().c_str()), 1);
  disk_.lie_about_syncs(mutant == Mutant::lost_sync);
  for (std::size_t i = 0; i < kClients; ++i) {
    std::vector<std::string> rooms;
    for (const char* room : kRooms) {
      if (pick(2) == 0) rooms.emplace_back(room);
    }
    if (rooms.empty()) rooms.emplace_back(kRooms[pick(kRooms.size())]);
    browsers_.emplace_back(i, std::move(rooms), checker_);
  }
}

Simulation::~Simulation() {
  machine_.network().power_off();
  disk_.power_off();
  node_.reset();
}

Outcome Simulation::run() {
  start();
  settle();  // who is a member before the first event is to get all of them
  for (std::uint32_t i = 0; i < kSteps && !checker_.fault(); ++i) step();
  disk_fails_ = false;
  disk_.set_fault(eventlog::SimulatedDisk::Fault::none);
  settle();
  for (const char* room : kRooms) {  // those from before may have gone with a crash
    for (const char* key : kKeys) publish_value(room, key);
  }
  settle();
  for (const Browser& browser : browsers_) {
    figures_.recoveries += browser.recoveries();
    figures_.frames += browser.frames();
  }
  return {.fault = verdict(), .trace = machine_.network().trace(), .figures = figures_};
}

void Simulation::step() {
  ++figures_.steps;
  const std::uint32_t what = pick(1'000);
  Browser& browser = browsers_[pick(kClients)];
  if (what < 80) return publish_something();
  if (what < 360) return run_threads(1 + pick(3));
  if (what < 560) return run_control(1 + pick(3));
  if (what < 700) return void(browser.receive_some(1 + pick(400)));
  if (what < 830) return void(browser.send_some(1 + pick(600)));
  if (what < 845) return cut(browser);
  if (what < 925) return connect(browser);
  if (what < 945) return retry();
  if (what < 990) return pass_time();
  if (what < 993) return machine_.set_wall_error(milliseconds(pick(kWallErrorMs)));
  if (what < 995) return change_disk();
  if (what < 998) return crash();
  browser.trespass(kForbiddenRoom);
}

void Simulation::run_threads(std::uint32_t most) {
  while (most-- > 0 && machine_.run_one()) {
  }
}

void Simulation::run_control(std::uint32_t most) {
  while (most-- > 0 && node_->step_control()) {
  }
}

void Simulation::pass_time() {
  const std::uint32_t kind = pick(100);
  machine_.advance(milliseconds(1 + pick(kind < 80 ? 10 : kind < 97 ? 300 : 3'000)));
}

// ---- Publishers ----

void Simulation::publish_something() {
  const std::string room = kRooms[pick(kRooms.size())];
  switch (pick(7)) {
    case 0:
      return publish_value(room, kKeys[pick(kKeys.size())]);
    case 1:
      return publish_event("risk_alert", {room});
    case 2:
      return publish_event("note", {kRooms[0], kRooms[1 + pick(2)]});
    case 3:
      return publish_event("note", {});
    case 4:
      return publish_event("note", {kForbiddenRoom});
    default:
      return publish_event("note", {room});
  }
}

void Simulation::publish_event(const std::string& name, std::vector<std::string> rooms) {
  const std::uint32_t event = ++last_event_;
  ++figures_.events;
  checker_.published(event, rooms, name == "risk_alert");
  bus::Publication publication{.event = name, .arguments = fmt::format(R"({{"n":{}}})", event)};
  publication.id = fmt::format("event {}", event);
  publication.audience.everyone = rooms.empty();
  publication.audience.rooms = std::move(rooms);
  outstanding_[event].publication = std::move(publication);
  send(event);
}

void Simulation::send(std::uint32_t event) {
  outstanding_.at(event).under_way = true;
  node_->publish(outstanding_.at(event).publication, [this, event, life = life_](auto log_life) {
    if (life != life_) return;
    if (!log_life) {
      outstanding_.at(event).under_way = false;
      return;
    }
    lives_on_disk_.insert(*log_life);
    checker_.accepted(event);
    outstanding_.erase(event);
  });
}

/// Its sender was refused, or has had no answer: the node has gone down, perhaps before it heard.
void Simulation::retry() {
  for (auto& [event, one] : outstanding_) {
    if (one.under_way) continue;
    checker_.repeated(event);
    return send(event);
  }
}

void Simulation::publish_value(const std::string& room, const std::string& key) {
  const std::uint32_t version = ++last_version_;
  bus::Publication publication{
      .event = "quote",
      .arguments = fmt::format(R"({{"key":"{}","room":"{}","v":{}}})", key, room, version)};
  publication.id = fmt::format("value {}", version);
  publication.audience.rooms = {room};
  checker_.newest_value(fmt::format("{}/{}", room, key), version);
  node_->publish(std::move(publication), [](auto) {});
}

// ---- Clients ----

void Simulation::connect(Browser& browser) {
  if (browser.has_line()) return;
  // Narrow ones are written to in parts, and fall behind.
  const std::uint32_t window = pick(2) == 0 ? 50 + pick(300) : 4'000;
  browser.open(machine_.network().connect(pick(kWorkers), window));
}

void Simulation::cut(Browser& browser) {
  if (!browser.has_line()) return;
  ++figures_.cuts;
  browser.cut(static_cast<Line::Cut>(pick(3)));
}

// ---- Faults, and the end ----

void Simulation::start() {
  node_ = std::make_unique<Node>(config_);
  ++life_;
  for (auto& [event, one] : outstanding_) one.under_way = false;
}

void Simulation::crash() {
  ++figures_.crashes;
  std::vector<bool> excused;
  for (Browser& browser : browsers_) {
    browser.receive_some(pick(300));  // what had reached it by then
    browser.cut(Line::Cut::silent);
    excused.push_back(disk_has_failed_ || !is_known(browser.offset()));
  }
  checker_.crashed(excused);
  if (std::exchange(disk_has_failed_, false)) lives_on_disk_.clear();
  ++life_;
  disk_.power_off();
  machine_.network().power_off();
  node_.reset();
  disk_.power_on();
  disk_fails_ = false;
  start();
}

/// A position says something to the next life if every event up to it was written: where writing
/// has failed, no earlier one does.
bool Simulation::is_known(const std::string& offset) const {
  const auto position = eventlog::parse_position(offset);
  return position && lives_on_disk_.contains(position->life);
}

void Simulation::change_disk() {
  using Fault = eventlog::SimulatedDisk::Fault;
  disk_fails_ = !disk_fails_;
  figures_.disk_faults += disk_fails_ ? 1 : 0;
  disk_has_failed_ = true;
  disk_.set_fault(disk_fails_ ? Fault::full : Fault::none);
}

/// Everything that can move, without waiting.
void Simulation::move_everything() {
  for (bool moved = true; moved;) {
    moved = false;
    for (Browser& browser : browsers_) {
      moved = browser.send_some(10'000) || moved;
      moved = browser.receive_some(10'000) || moved;
    }
    while (node_->step_control()) moved = true;
    while (machine_.run_one()) moved = true;
  }
}

/// Faults are over: everybody comes back, publishers try again, and everything arrives.
void Simulation::settle() {
  int quiet = 0;  // rounds since all was well
  for (int round = 1; round < kSettleRounds && quiet < kQuietRounds; ++round) {
    for (Browser& browser : browsers_) connect(browser);
    for (std::size_t i = 0; i < outstanding_.size(); ++i) retry();
    move_everything();
    machine_.advance(kRound);
    if (checker_.fault()) return;
    if (quiet > 0 || (round % 4 == 0 && outstanding_.empty() && !verdict())) ++quiet;
  }
}

std::optional<std::string> Simulation::verdict() const {
  std::vector<std::vector<std::string>> rooms;
  for (const Browser& browser : browsers_) rooms.push_back(browser.rooms());
  return checker_.verdict(rooms);
}

}  // namespace outcry::simulation
