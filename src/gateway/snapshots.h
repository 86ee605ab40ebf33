// gateway/snapshots.h — the newest value of a room's state events, for those who join later.
//
//   room "challenge_7"  ->  equity_updated: frame     challenge_status_changed: frame
//
// A joiner would otherwise look at an empty page until the next trade. Held as ready frames, so a
// join costs references. Bounded in rooms and bytes: the rooms that were longest without an event
// go first, and within a room the events that were.
// Thread: the control thread. Owner: Gateway.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "transport/frame.h"

namespace outcry::gateway {

struct SnapshotLimits {
  std::size_t rooms_max = 100'000;
  std::size_t bytes_max = 268'435'456;   // of all frames
  std::size_t room_bytes_max = 524'288;  // of one room's: a joiner's outbox must hold them at once
};

class Snapshots {
 public:
  explicit Snapshots(const SnapshotLimits& limits) : limits_(limits) {}
  Snapshots(const Snapshots&) = delete;
  Snapshots& operator=(const Snapshots&) = delete;

  /// `frames` is the event under its name and aliases; it replaces what `event` had before. One
  /// that is too big for a room empties the room.
  void store(NamespaceId namespace_id, std::string_view room, std::string_view event,
             const std::vector<transport::SharedFrame>& frames);
  /// All frames of a room, in the order in which their events were last published.
  [[nodiscard]] std::vector<transport::SharedFrame> find(NamespaceId namespace_id,
                                                         std::string_view room) const;
  [[nodiscard]] std::size_t size() const noexcept { return rooms_.size(); }
  /// Frames' bytes, those shared by several rooms counted for each.
  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }

 private:
  struct Value {
    std::string event;
    std::vector<transport::SharedFrame> frames;
    std::size_t bytes = 0;
  };
  struct Room {
    std::string key;
    std::vector<Value> values;  // latest last
    std::size_t bytes = 0;
  };
  [[nodiscard]] std::string_view key_of(NamespaceId namespace_id, std::string_view room) const;
  Room& make_latest(std::string_view key);
  static Value& make_latest(Room& room, std::string_view event);
  void drop_value(Room& room, std::size_t index);
  void drop_room(std::list<Room>::iterator room);

  // A known room's known event, which is nearly every one, is stored without an allocation.
  mutable std::string key_;
  const SnapshotLimits limits_;
  std::size_t bytes_ = 0;
  std::list<Room> rooms_;                                                   // latest first
  std::unordered_map<std::string_view, std::list<Room>::iterator> by_key_;  // views their keys
};

}  // namespace outcry::gateway
