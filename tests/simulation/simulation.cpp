#include "simulation.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "base/json_text.h"

namespace outcry::simulation {
namespace {

constexpr std::size_t kClients = 4;
constexpr std::uint32_t kSteps = 250;
constexpr std::array<const char*, 3> kRooms{"challenge_1", "challenge_2", "challenge_3"};
constexpr std::array<const char*, 2> kKeys{"a", "b"};

gateway::Config make_config() {
  gateway::Config config;
  config.auth.secret = "only the length of this one matters";
  config.eventlog.path = "log.db";
  config.events.aliases = {{"risk_alert", {"RISK_ALERT"}}};
  config.events.latest = {"quote"};
  config.events.keys = {{"quote", "key"}};
  return config;
}

std::uint32_t number_of(std::string_view payload, std::string_view member) {
  const auto value = json::member(payload, member);
  const auto number = value ? json::integer(*value) : std::nullopt;
  return static_cast<std::uint32_t>(number.value_or(0));
}

}  // namespace

Simulation::Simulation(std::uint32_t seed, Mutant mutant)
    : mutant_(mutant), random_(seed), disk_(seed), config_(make_config()), checker_(kClients) {
  node_ = std::make_unique<Node>(disk_, config_, mutant_);
  disk_.lie_about_syncs(mutant_ == Mutant::lost_sync);
  clients_.resize(kClients);
  for (Client& client : clients_) {
    for (const char* room : kRooms) {
      if (pick(2) == 0) client.rooms.emplace_back(room);
    }
    if (client.rooms.empty()) client.rooms.emplace_back(kRooms[pick(kRooms.size())]);
  }
}

std::optional<std::string> Simulation::run() {
  for (std::size_t i = 0; i < kClients; ++i) connect(i);
  settle();  // who is a member before the first event is to get all of them
  for (std::uint32_t i = 0; i < kSteps && !checker_.fault(); ++i) step();
  settle();
  for (const char* room : kRooms) {  // those from before may have gone with a crash
    for (const char* key : kKeys) publish_value(room, key);
  }
  settle();
  std::vector<std::vector<std::string>> rooms;
  for (const Client& client : clients_) rooms.push_back(client.rooms);
  return checker_.verdict(rooms);
}

void Simulation::step() {
  ++figures_.steps;
  const std::uint32_t what = pick(100);
  const std::size_t client = pick(kClients);
  if (what < 25) return publish_something();
  if (what < 45) return void(node_->step_worker(static_cast<WorkerId>(pick(kWorkers))));
  if (what < 55) return void(node_->step_writer());
  if (what < 65) return void(node_->step_report());
  if (what < 80) return receive(client, 1 + pick(4));
  if (what < 84) return cut(client);
  if (what < 91) return connect(client);
  if (what < 94) return retry();
  if (what < 96) return node_->save_values();
  if (what < 99) {
    if (clients_[client].session) (void)node_->step_session(clients_[client].session);
    return;
  }
  crash();
}

// ---- Publishers ----

void Simulation::publish_something() {
  const std::string room = kRooms[pick(kRooms.size())];
  switch (pick(6)) {
    case 0:
      return publish_value(room, kKeys[pick(kKeys.size())]);
    case 1:
      return publish_event("risk_alert", {room});
    case 2:
      return publish_event("note", {kRooms[0], kRooms[1 + pick(2)]});
    case 3:
      return publish_event("note", {});
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
  Outstanding& one = outstanding_.at(event);
  one.under_way = true;
  node_->publish(one.publication, [this, event, run = run_](bool accepted) {
    if (run != run_ || !accepted) return;
    checker_.accepted(event);
    outstanding_.erase(event);
  });
}

/// Its sender has had no answer: the node has crashed meanwhile, perhaps before it heard of it.
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
  node_->publish(std::move(publication), [](bool) {});
}

// ---- Clients ----

void Simulation::connect(std::size_t index) {
  Client& client = clients_[index];
  if (client.session) return;
  const std::string sid = fmt::format("client {}", index);
  const auto worker = static_cast<WorkerId>(pick(kWorkers));
  if (client.offset.empty()) {
    client.session = node_->connect(sid, client.rooms, worker);
    return;
  }
  ++figures_.returns;
  client.session = node_->come_back(client.before, sid, client.rooms, client.offset, worker);
}

void Simulation::cut(std::size_t index) {
  Client& client = clients_[index];
  // A client that has never been connected would begin again as a new one.
  if (!client.session || client.offset.empty()) return;
  client.before = std::exchange(client.session, nullptr);
  client.before->pipe.clear();  // what was on its way
}

void Simulation::receive(std::size_t index, std::size_t most) {
  const SessionPtr session = clients_[index].session;
  for (; session && most > 0 && !session->pipe.empty(); --most) {
    const std::string text = std::move(session->pipe.front());
    session->pipe.pop_front();
    read(index, text);
  }
}

void Simulation::read(std::size_t index, const std::string& text) {
  Client& client = clients_[index];
  constexpr std::string_view kPosition = "position ";
  if (text == "connect") return;
  if (text == "resync") return checker_.failed(fmt::format("client {} has to load anew", index));
  if (text.starts_with(kPosition)) {
    client.offset = text.substr(kPosition.size());
    return;
  }
  json::ArrayReader packet(std::string_view(text).substr(2));
  const std::string name = json::unescape(*packet.next()).value_or("");
  const std::string payload(packet.next().value_or(std::string_view()));
  if (const auto offset = packet.next()) client.offset = json::unescape(*offset).value_or("");
  if (name != "quote") return checker_.shown(index, number_of(payload, "n"), name == "RISK_ALERT");
  const std::string key = json::string_member(payload, "key").value_or("");
  const std::string room = json::string_member(payload, "room").value_or("");
  checker_.shown_value(index, room + "/" + key, number_of(payload, "v"));
}

// ---- Faults, and the end ----

void Simulation::crash() {
  ++figures_.crashes;
  ++run_;
  disk_.power_off();
  node_.reset();
  disk_.power_on();
  for (std::size_t i = 0; i < kClients; ++i) {
    receive(i, pick(3));  // what had reached it by then
    cut(i);
    clients_[i].before.reset();
    clients_[i].session.reset();
  }
  node_ = std::make_unique<Node>(disk_, config_, mutant_);
  for (auto& [event, one] : outstanding_) one.under_way = false;
}

/// Everything that can move. False if nothing did.
bool Simulation::advance() {
  bool moved = node_->step_writer();
  moved = node_->step_report() || moved;
  for (std::size_t worker = 0; worker < kWorkers; ++worker) {
    moved = node_->step_worker(static_cast<WorkerId>(worker)) || moved;
  }
  for (std::size_t i = 0; i < kClients; ++i) {
    if (!clients_[i].session) continue;
    moved = !clients_[i].session->pipe.empty() || moved;
    receive(i, 100);
    moved = node_->step_session(clients_[i].session) || moved;
  }
  return moved;
}

/// Faults are over: everybody comes back, publishers try again, and everything arrives.
void Simulation::settle() {
  for (std::size_t i = 0; i < kClients; ++i) connect(i);
  while (std::ranges::any_of(outstanding_, [](const auto& one) { return !one.second.under_way; })) {
    retry();
  }
  while (advance()) {
  }
}

}  // namespace outcry::simulation
