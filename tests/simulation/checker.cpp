#include "checker.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace outcry::simulation {

void Checker::published(std::uint32_t event, const std::vector<std::string>& rooms,
                        bool has_alias) {
  events_[event] = {.rooms = rooms, .has_alias = has_alias};
  last_event_ = event;
}

/// The log keeps its order: with the event, everything is on disk that came before it.
void Checker::accepted(std::uint32_t event) {
  accepted_.insert(event);
  for (Member& member : members_) {
    if (member.is_whole && member.life == life_ && event > member.since) member.is_on_disk = true;
  }
}

// ---- Clients ----

void Checker::is_whole(std::size_t client) {
  Member& member = members_[client];
  if (std::exchange(member.is_whole, true)) return;
  member.since = last_event_;
  member.life = life_;
}

void Checker::recovered(std::size_t client) {
  members_[client].may_begin_anew = false;
  members_[client].life = life_;
}

void Checker::began_anew(std::size_t client) {
  if (!members_[client].may_begin_anew) failed(fmt::format("client {} has to load anew", client));
  members_[client] = {};
}

void Checker::crashed(const std::vector<bool>& excused) {
  ++life_;
  for (std::size_t i = 0; i < members_.size(); ++i) {
    if (excused[i] || !members_[i].is_on_disk) members_[i].may_begin_anew = true;
  }
}

void Checker::shown(std::size_t client, std::uint32_t event, bool under_alias) {
  Shown& seen = seen_[client];
  if (!(under_alias ? seen.alias : seen.own).insert(event).second) {
    failed(fmt::format("client {} is shown event {} twice", client, event));
  }
  if (!under_alias) seen.order.push_back(event);
}

bool Checker::is_for(const Event& event, const std::vector<std::string>& rooms) const {
  return event.rooms.empty() || std::ranges::any_of(event.rooms, [&rooms](const auto& room) {
           return std::ranges::find(rooms, room) != rooms.end();
         });
}

std::optional<std::string> Checker::verdict(
    const std::vector<std::vector<std::string>>& rooms) const {
  if (fault_) return fault_;
  for (std::size_t client = 0; client < rooms.size(); ++client) {
    const Shown& seen = seen_[client];
    const Member& member = members_[client];
    if (!member.is_whole) return fmt::format("client {} is not in all its rooms", client);
    for (const auto& [number, event] : events_) {
      const bool wanted =
          number > member.since && accepted_.contains(number) && is_for(event, rooms[client]);
      if (wanted && !seen.own.contains(number)) {
        return fmt::format("client {} was never shown event {}", client, number);
      }
      if (wanted && event.has_alias && !seen.alias.contains(number)) {
        return fmt::format("client {} was never shown event {} under its alias", client, number);
      }
      if (!is_for(event, rooms[client]) && seen.own.contains(number)) {
        return fmt::format("client {} was shown event {}, which isn't his", client, number);
      }
    }
    for (const std::string& room : rooms[client]) {
      if (auto found = disorder(room, seen.order)) {
        return fmt::format("client {}: {}", client, *found);
      }
    }
    for (const auto& [key, version] : newest_) {
      const bool his = std::ranges::any_of(
          rooms[client], [&key](const std::string& room) { return key.starts_with(room + "/"); });
      const auto shown = values_[client].find(key);
      if (his && (shown == values_[client].end() || shown->second != version)) {
        return fmt::format("client {} ends with another value of {} than the newest", client, key);
      }
    }
  }
  return std::nullopt;
}

/// Events are numbered as they are published.
std::optional<std::string> Checker::disorder(const std::string& room,
                                             const std::vector<std::uint32_t>& order) const {
  std::uint32_t last = 0;
  for (const std::uint32_t number : order) {
    const Event& event = events_.at(number);
    const bool counts = std::ranges::find(event.rooms, room) != event.rooms.end();
    if (!counts || repeated_.contains(number)) continue;
    if (number < last) return fmt::format("event {} after {} in {}", number, last, room);
    last = number;
  }
  return std::nullopt;
}

}  // namespace outcry::simulation
