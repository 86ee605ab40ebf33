// gateway/snapshots.h — the newest value of a room's state events, for those who join later.
//
//   room "challenge_7"  ->  equity_updated: frame     challenge_status_changed: frame
//
// A joiner would otherwise look at an empty page until the next trade. Held as ready frames, so a
// join costs references. Bounded in rooms and bytes: rooms that had no event for long go
// first, and within a room the event that was longest without.
// Thread: the control thread. Owner: Gateway.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/room_table.h"
#include "transport/frame.h"

namespace outcry::gateway {

struct SnapshotLimits {
  std::size_t rooms_max = 100'000;
  std::size_t bytes_max = 268'435'456;   // of all frames
  std::size_t room_bytes_max = 524'288;  // of one room's: a joiner's outbox must hold them at once
};

/// The values of one room. Owner: Snapshots.
struct RoomSnapshot {
  struct Value {
    std::string event;
    std::vector<transport::SharedFrame> frames;
    std::size_t bytes = 0;
  };
  RoomRecord& room;
  std::vector<Value> values;  // latest last
  std::size_t bytes = 0;
  std::list<RoomSnapshot>::iterator place;
  bool used = false;  // since the hand passed it last
};

class Snapshots {
 public:
  /// `rooms` must outlive this: a room that loses its values is released there.
  Snapshots(RoomTable& rooms, const SnapshotLimits& limits) : table_(rooms), limits_(limits) {}
  Snapshots(const Snapshots&) = delete;
  Snapshots& operator=(const Snapshots&) = delete;

  /// `frames` is the event under its name and aliases; it replaces what `event` had before. One
  /// that is too big for a room empties the room. May end rooms, this one too.
  void store(RoomRecord& room, std::string_view event,
             std::span<const transport::SharedFrame> frames);
  /// All frames of a room, in the order in which their events were last published.
  [[nodiscard]] static std::vector<transport::SharedFrame> frames_of(const RoomRecord& room);
  [[nodiscard]] std::size_t size() const noexcept { return rooms_.size(); }
  /// Frames' bytes, those shared by several rooms counted for each.
  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }
  [[nodiscard]] bool keeps_any() const noexcept { return limits_.rooms_max > 0; }

 private:
  RoomSnapshot& find_or_make(RoomRecord& room);
  void drop_one();
  static RoomSnapshot::Value& make_latest(RoomSnapshot& room, std::string_view event);
  void drop_value(RoomSnapshot& room, std::size_t index);
  void drop_room(RoomSnapshot& room);

  // A known room's known event, which is nearly every one, is stored without an allocation.
  RoomTable& table_;
  const SnapshotLimits limits_;
  std::size_t bytes_ = 0;
  // New ones at the front; the hand looks at the back, and passes over once who was used since: an
  // event of a known room touches nothing but that room.
  std::list<RoomSnapshot> rooms_;
};

}  // namespace outcry::gateway
