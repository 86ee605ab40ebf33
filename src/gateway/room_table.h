// gateway/room_table.h — the rooms that exist, by name: where an event is posted.
//
//   (namespace, name) -> Room #41, { workers with members; joins granted and not yet settled }
//
// One look-up on the way of an event finds all that control knows of its room. A grant counts as
// presence at once: an event that comes right after it must follow the answer to the worker. Until
// the worker has told how that join ended, its "no members left" is older than the grant, and does
// not count. A room ends when nobody is in it or may come back to it, and nothing of it is kept.
// Thread: the control thread. Owner: Gateway.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/unordered/unordered_flat_map.hpp>
#include <boost/unordered/unordered_flat_set.hpp>

#include "base/by_text.h"
#include "base/ids.h"
#include "eventlog/history.h"
#include "rooms/room.h"

namespace outcry::gateway {

/// One bit for each worker.
using WorkerSet = std::uint64_t;
static_assert(kWorkersMax <= 64);

struct RoomSnapshot;

/// What control knows of a room. Its address is good until the room ends.
struct RoomRecord {
  rooms::RoomRef room;
  WorkerSet present = 0;             // workers with members, as far as is known
  WorkerSet unsettled = 0;           // workers that have yet to tell how a join ended
  RoomSnapshot* snapshot = nullptr;  // Snapshots' business
  eventlog::EntryIndex newest = 0;   // EventHistory's: its newest entry there
  std::uint64_t dropped = 0;         // EventHistory's: entries up to here may be gone
  std::uint32_t parked = 0;          // sockets that may come back to it
  std::uint32_t waiting = 0;         // Publisher's: events that wait for the disk
  std::uint32_t sequence = 0;        // Publisher's: of the newest delivery, 0: none yet
  std::uint8_t retention = 0;        // EventHistory's: which rule its events go by
};

class RoomTable {
 public:
  RoomTable() = default;
  RoomTable(const RoomTable&) = delete;
  RoomTable& operator=(const RoomTable&) = delete;

  /// nullptr if there is no such room.
  [[nodiscard]] RoomRecord* find(NamespaceId namespace_id, std::string_view name) const;
  [[nodiscard]] RoomRecord* find(const rooms::Room& room) const;
  /// The room of this name, a new one if need be. Whoever gives it no members and no values calls
  /// release().
  RoomRecord& find_or_make(NamespaceId namespace_id, std::string_view name);
  /// Ends the room if nothing holds it any more.
  void release(RoomRecord& record);

  /// Of no room that isn't known, events up to this release are sure to be there.
  void note_dropped(std::uint64_t released) noexcept {
    for (std::uint64_t& mark : dropped_) mark = std::max(mark, released);
  }

  void granted(RoomRecord& record, WorkerId worker);
  /// A grant's end: whether the worker has members of the room now. May end the room.
  void settled(const rooms::Room& room, WorkerId worker, bool present);
  /// The worker's last member has gone. May end the room.
  void emptied(const rooms::Room& room, WorkerId worker);

  [[nodiscard]] std::size_t size() const noexcept { return rooms_.size(); }

 private:
  static constexpr std::size_t kDroppedMarks = 4'096;

  [[nodiscard]] std::uint64_t& dropped_mark(std::string_view key);
  [[nodiscard]] std::string_view key_of(NamespaceId namespace_id, std::string_view name) const;
  [[nodiscard]] RoomRecord* find_key(std::string_view key) const;

  using Owned = std::unique_ptr<RoomRecord>;
  struct KeyOf {
    std::string_view operator()(std::string_view key) const { return key; }
    std::string_view operator()(const Owned& record) const { return record->room->key(); }
  };

  boost::unordered_flat_set<Owned, HashByText<KeyOf>, SameText<KeyOf>> rooms_;
  // How many joins, where one worker has several on their way for one room.
  boost::unordered_flat_map<std::pair<rooms::RoomNumber, WorkerId>, std::uint32_t> more_unsettled_;
  rooms::RoomNumber next_number_ = 1;
  // RoomRecord::dropped of rooms that have ended, by hash of their name. Rooms that share a place
  // share the greater one: a few clients then load anew for nothing.
  std::vector<std::uint64_t> dropped_ = std::vector<std::uint64_t>(kDroppedMarks);
  mutable std::string key_;  // built in one buffer: a look-up allocates nothing
};

}  // namespace outcry::gateway
