#include "gateway/replay.h"

#include <algorithm>
#include <memory>
#include <tuple>

#include "gateway/snapshots.h"

namespace outcry::gateway {
namespace {

bool is_excepted(const PastEvent& event, std::span<const std::string> rooms) {
  return event.except && std::ranges::any_of(*event.except, [rooms](const std::string& room) {
           return std::ranges::find(rooms, room) != rooms.end();
         });
}

}  // namespace

bool Replay::collect(const RoomRecord& room, std::uint64_t seen, std::size_t most,
                     std::vector<MissedEvent>& out) const {
  if (!history_.collect(room, seen, most, out)) return false;
  Snapshots::collect(room, seen, out);
  return out.size() <= most;
}

std::optional<ReplayPart> Replay::for_socket(NamespaceId namespace_id,
                                             std::span<const std::string> rooms,
                                             std::string_view sid, std::uint64_t seen,
                                             const ReplayLimits& limits) {
  std::vector<MissedEvent> missed;
  const auto add = [&](std::string_view name) {
    // Made if need be: a room that has ended knows still what it dropped.
    RoomRecord& room = rooms_.find_or_make(namespace_id, name);
    const bool all = collect(room, seen, limits.events_max, missed);
    rooms_.release(room);
    return all;
  };
  if (!add({}) || !add(sid) || !std::ranges::all_of(rooms, add)) return std::nullopt;
  return part_of(missed, seen, rooms, limits);
}

std::optional<ReplayPart> Replay::of_room(const RoomRecord& room, std::uint64_t seen,
                                          const ReplayLimits& limits) const {
  std::vector<MissedEvent> missed;
  if (!history_.collect(room, seen, limits.events_max, missed)) return std::nullopt;
  Snapshots::collect_all(room, missed);
  return part_of(missed, 0, {}, limits);  // who wasn't there gets every name
}

ReplayPart Replay::last_of_room(const RoomRecord& room, std::size_t count,
                                const ReplayLimits& limits) const {
  std::vector<MissedEvent> missed;
  Snapshots::collect_all(room, missed);
  std::size_t bytes = 0;
  for (const MissedEvent& value : missed) bytes += value.event.frames.bytes();
  std::vector<MissedEvent> events;
  history_.last(room, count, events);  // newest first
  for (MissedEvent& event : events) {
    bytes += event.event.frames.bytes();
    if (bytes > limits.part_bytes_max) break;
    missed.push_back(std::move(event));
  }
  return part_of(missed, 0, {}, limits);
}

ReplayPart Replay::to_acknowledge(const RoomRecord& room, std::uint64_t seen, std::uint64_t until,
                                  const ReplayLimits& limits) const {
  std::vector<MissedEvent> events;
  history_.to_acknowledge(room, seen, limits.events_max, events);
  std::erase_if(events, [until](const MissedEvent& one) { return one.released > until; });
  return part_of(events, 0, {}, limits);
}

/// Of an event under several names somebody may have had the first ones.
ReplayPart Replay::part_of(std::vector<MissedEvent>& missed, std::uint64_t seen,
                           std::span<const std::string> rooms, const ReplayLimits& limits) const {
  // One event may have been for several of the rooms.
  const auto order = [](const MissedEvent& one) {
    return std::tuple(one.released, one.event.frames.own.get());
  };
  std::ranges::sort(missed, {}, order);
  const auto repeated = std::ranges::unique(missed, {}, order);
  missed.erase(repeated.begin(), repeated.end());

  ReplayPart part{.frames = {}, .seen = history_.position().released};
  std::size_t bytes = 0;
  for (const MissedEvent& one : missed) {
    if (is_excepted(one.event, rooms)) continue;
    const EventFrames& frames = one.event.frames;
    std::uint64_t number = one.released - (one.event.names_count ? frames.names() : 1);
    bytes += frames.bytes();
    const bool is_full = part.events >= limits.part_events_max || bytes > limits.part_bytes_max;
    if (is_full && part.events > 0) {
      part.seen = number;
      part.more = true;
      break;
    }
    ++part.events;
    frames.for_each([&](const transport::SharedFrame& frame) {
      const bool had = one.event.names_count && ++number <= seen;
      if (!had) part.frames.push_back(frame);
    });
  }
  return part;
}

}  // namespace outcry::gateway
