// gateway/snapshots.h — the newest value of a room's state events, for those who join later and
// those who come back.
//
//   room "challenge_7"  ->  equity_updated: frame   quote/EURUSD: frame   quote/GBPUSD: frame
//
// A joiner would otherwise look at an empty page until the next trade. Held as ready frames, so a
// join costs references. Bounded in rooms and bytes: rooms that had no event for long go
// first, and within a room the value that was longest without; the room remembers that it lost one.
// Thread: the control thread. Owner: Gateway.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/unordered/unordered_flat_map.hpp>

#include "gateway/event_encoder.h"
#include "gateway/event_history.h"
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
    std::uint64_t key = 0;
    std::string event;
    bool latest = false;  // whoever comes back gets it from here, and not from the history
    bool unsaved = false;
    EventFrames frames;
    std::uint64_t released = 0;
    std::size_t bytes = 0;
  };
  using Index = boost::unordered_flat_map<std::uint64_t, std::uint32_t>;

  [[nodiscard]] Value* find(std::uint64_t key);
  Value& add(std::uint64_t key);
  /// The last one takes its place.
  void remove(std::size_t at);

  RoomRecord& room;
  std::vector<Value> values;
  std::unique_ptr<Index> index;  // places by key, where there are many
  std::size_t bytes = 0;
  std::list<RoomSnapshot>::iterator place;
  bool used = false;     // since the hand passed it last
  bool unsaved = false;  // one of its values is
};

/// Which value of its room an event is.
struct ValueName {
  std::uint64_t key = 0;  // of the event's name and what else tells values apart: a hash
  std::string_view event;
  bool latest = false;
};

class Snapshots {
 public:
  /// `rooms` must outlive this: a room that loses its values is released there.
  Snapshots(RoomTable& rooms, const SnapshotLimits& limits) : table_(rooms), limits_(limits) {}
  Snapshots(const Snapshots&) = delete;
  Snapshots& operator=(const Snapshots&) = delete;

  /// Replaces what was there under this name. One that is too big for a room empties the room. May
  /// end rooms, this one too.
  void store(RoomRecord& room, const ValueName& name, const EventFrames& frames,
             std::uint64_t released);
  /// All frames of a room, in the order in which their events were last published.
  [[nodiscard]] static std::vector<transport::SharedFrame> frames_of(const RoomRecord& room);
  /// Appends the `latest` values released after `seen`. That none was lost is RoomRecord::dropped's
  /// to say.
  static void collect(const RoomRecord& room, std::uint64_t seen, std::vector<MissedEvent>& out);
  /// Appends all values, in no order.
  static void collect_all(const RoomRecord& room, std::vector<MissedEvent>& out);
  /// Calls f(const RoomRecord&, const RoomSnapshot::Value&) for each value that has changed since
  /// the last call. Those that were dropped meanwhile are not among them.
  template <class F>
  void save(F&& f) {
    for (RoomSnapshot* room : std::exchange(unsaved_, {})) {
      room->unsaved = false;
      for (RoomSnapshot::Value& value : room->values) {
        if (std::exchange(value.unsaved, false)) f(std::as_const(room->room), std::as_const(value));
      }
    }
  }
  [[nodiscard]] bool has_unsaved() const noexcept { return !unsaved_.empty(); }
  [[nodiscard]] std::size_t size() const noexcept { return rooms_.size(); }
  /// Frames' bytes, those shared by several rooms counted for each.
  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }
  [[nodiscard]] bool keeps_any() const noexcept { return limits_.rooms_max > 0; }

 private:
  RoomSnapshot& find_or_make(RoomRecord& room);
  void drop_one();
  void drop_value(RoomSnapshot& room, std::size_t at);
  void drop_oldest_value(RoomSnapshot& room);
  void drop_room(RoomSnapshot& room);

  // A known room's known event, which is nearly every one, is stored without an allocation.
  RoomTable& table_;
  const SnapshotLimits limits_;
  std::size_t bytes_ = 0;
  // New ones at the front; the hand looks at the back, and passes over once who was used since: an
  // event of a known room touches nothing but that room.
  std::list<RoomSnapshot> rooms_;
  std::vector<RoomSnapshot*> unsaved_;
};

}  // namespace outcry::gateway
