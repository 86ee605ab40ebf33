// gateway/replay.h — what somebody missed, in the order in which it was released.
//
//   rooms, seen ─▶ EventHistory (must) + Snapshots (latest, the newest of each key) ─▶ a part
//
// All of it or nothing: if one event is gone there is no answer. What is more than one part comes
// as several, each from where the one before it ended.
// Thread: the control thread. Owner: Gateway.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "gateway/event_history.h"
#include "gateway/room_table.h"
#include "transport/frame.h"

namespace outcry::gateway {

/// Above `events_max` there is no answer; a part ends at the first event that reaches a limit.
struct ReplayLimits {
  std::size_t events_max = 10'000;  // missed in all
  std::size_t part_events_max = 10'000;
  std::size_t part_bytes_max = 524'288;
};

struct ReplayPart {
  std::vector<transport::SharedFrame> frames;  // each name of each event
  std::size_t events = 0;                      // in it, whatever their names
  std::uint64_t seen = 0;                      // what somebody has had who has had this as well
  bool more = false;
};

class Replay {
 public:
  /// Both must outlive this.
  Replay(RoomTable& rooms, const EventHistory& history) : rooms_(rooms), history_(history) {}

  /// What the socket `sid`, a member of `rooms`, got after `seen`: of these, of everyone's and of
  /// its own room, but for events that one of them was excepted from. nullopt: not to be had.
  [[nodiscard]] std::optional<ReplayPart> for_socket(NamespaceId namespace_id,
                                                     std::span<const std::string> rooms,
                                                     std::string_view sid, std::uint64_t seen,
                                                     const ReplayLimits& limits);
  /// What one room got after `seen`, and all its newest values, for somebody who wasn't in it.
  /// nullopt: not to be had.
  [[nodiscard]] std::optional<ReplayPart> of_room(const RoomRecord& room, std::uint64_t seen,
                                                  const ReplayLimits& limits) const;
  /// The newest `count` of its events, as far as they are kept and fit into one part, and all its
  /// newest values.
  [[nodiscard]] ReplayPart last_of_room(const RoomRecord& room, std::size_t count,
                                        const ReplayLimits& limits) const;

  /// What members of this room are to acknowledge after `seen` and up to `until`, as far as it is
  /// kept and fits into one part: the oldest.
  [[nodiscard]] ReplayPart to_acknowledge(const RoomRecord& room, std::uint64_t seen,
                                          std::uint64_t until, const ReplayLimits& limits) const;

 private:
  [[nodiscard]] bool collect(const RoomRecord& room, std::uint64_t seen, std::size_t most,
                             std::vector<MissedEvent>& out) const;
  [[nodiscard]] ReplayPart part_of(std::vector<MissedEvent>& missed, std::uint64_t seen,
                                   std::span<const std::string> rooms,
                                   const ReplayLimits& limits) const;

  RoomTable& rooms_;
  const EventHistory& history_;
};

}  // namespace outcry::gateway
