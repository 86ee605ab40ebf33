// gateway/room_index.h — which workers have members of which rooms: where an event is posted.
//
//   (namespace, room) -> { workers with members; joins granted and not yet settled }
//
// A grant counts as presence at once: an event that comes right after it must follow the answer to
// the worker. Until the worker has told how that join ended, its "no members left" is older than
// the grant, and does not count.
// Thread: the control thread. Owner: Gateway.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/ids.h"

namespace outcry::gateway {

/// One bit for each worker.
using WorkerSet = std::uint64_t;
static_assert(kWorkersMax <= 64);

class RoomIndex {
 public:
  void granted(WorkerId worker, NamespaceId namespace_id, std::string_view room);
  void settled(WorkerId worker, NamespaceId namespace_id, std::string_view room, bool present);
  void presence(WorkerId worker, NamespaceId namespace_id, std::string_view room, bool present);

  [[nodiscard]] WorkerSet workers_with(NamespaceId namespace_id, std::string_view room) const;
  [[nodiscard]] std::size_t size() const noexcept { return rooms_.size(); }

 private:
  struct Room {
    WorkerSet present = 0;
    std::vector<std::pair<WorkerId, std::uint32_t>> unsettled;
  };
  struct KeyHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view key) const noexcept {
      return std::hash<std::string_view>{}(key);
    }
  };
  using Rooms = std::unordered_map<std::string, Room, KeyHash, std::equal_to<>>;

  [[nodiscard]] std::string_view key_of(NamespaceId namespace_id, std::string_view room) const;
  void set_present(Rooms::iterator room, WorkerId worker, bool present);

  Rooms rooms_;
  mutable std::string key_;
};

}  // namespace outcry::gateway
