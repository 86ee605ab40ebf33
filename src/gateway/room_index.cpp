#include "gateway/room_index.h"

#include <algorithm>

namespace outcry::gateway {
namespace {

template <class Unsettled>
auto find_worker(Unsettled& unsettled, WorkerId worker) {
  return std::ranges::find_if(unsettled,
                              [worker](const auto& entry) { return entry.first == worker; });
}

}  // namespace

std::string_view RoomIndex::key_of(NamespaceId namespace_id, std::string_view room) const {
  key_.assign(1, static_cast<char>(namespace_id));
  key_ += room;
  return key_;
}

void RoomIndex::granted(WorkerId worker, NamespaceId namespace_id, std::string_view name) {
  Room& room = rooms_[std::string(key_of(namespace_id, name))];
  room.present |= WorkerSet{1} << worker;
  const auto found = find_worker(room.unsettled, worker);
  if (found == room.unsettled.end()) {
    room.unsettled.emplace_back(worker, 1);
  } else {
    ++found->second;
  }
}

void RoomIndex::settled(WorkerId worker, NamespaceId namespace_id, std::string_view name,
                        bool present) {
  const auto room = rooms_.find(key_of(namespace_id, name));
  if (room == rooms_.end()) return;
  auto& unsettled = room->second.unsettled;
  const auto found = find_worker(unsettled, worker);
  if (found != unsettled.end() && --found->second > 0) return;
  if (found != unsettled.end()) unsettled.erase(found);
  set_present(room, worker, present);
}

void RoomIndex::presence(WorkerId worker, NamespaceId namespace_id, std::string_view name,
                         bool present) {
  if (present) rooms_.try_emplace(std::string(key_of(namespace_id, name)));
  const auto room = rooms_.find(key_of(namespace_id, name));
  if (room == rooms_.end()) return;
  const auto& unsettled = room->second.unsettled;
  const bool pending = find_worker(unsettled, worker) != unsettled.end();
  if (!present && pending) return;
  set_present(room, worker, present);
}

void RoomIndex::set_present(Rooms::iterator room, WorkerId worker, bool present) {
  const WorkerSet bit = WorkerSet{1} << worker;
  room->second.present = present ? room->second.present | bit : room->second.present & ~bit;
  if (room->second.present == 0 && room->second.unsettled.empty()) rooms_.erase(room);
}

WorkerSet RoomIndex::workers_with(NamespaceId namespace_id, std::string_view room) const {
  const auto found = rooms_.find(key_of(namespace_id, room));
  return found == rooms_.end() ? 0 : found->second.present;
}

}  // namespace outcry::gateway
