#include "gateway/room_table.h"

#include <functional>

namespace outcry::gateway {
namespace {

WorkerSet bit_of(WorkerId worker) {
  return WorkerSet{1} << worker;
}

}  // namespace

std::string_view RoomTable::key_of(NamespaceId namespace_id, std::string_view name) const {
  key_.assign(1, static_cast<char>(namespace_id));
  key_ += name;
  return key_;
}

std::uint64_t& RoomTable::dropped_mark(std::string_view key) {
  return dropped_[hash_text(key) % kDroppedMarks];
}

RoomRecord* RoomTable::find_key(std::string_view key) const {
  const auto found = rooms_.find(key);
  return found == rooms_.end() ? nullptr : found->get();
}

RoomRecord* RoomTable::find(NamespaceId namespace_id, std::string_view name) const {
  return find_key(key_of(namespace_id, name));
}

// A message of a room that has ended meanwhile must not meet a new one of the same name.
RoomRecord* RoomTable::find(const rooms::Room& room) const {
  RoomRecord* record = find_key(room.key());
  return record != nullptr && record->room.get() == &room ? record : nullptr;
}

RoomRecord& RoomTable::find_or_make(NamespaceId namespace_id, std::string_view name) {
  const std::string_view key = key_of(namespace_id, name);
  if (RoomRecord* known = find_key(key)) return *known;
  auto record = std::make_unique<RoomRecord>();
  record->room = rooms::make_room(next_number_++, key);
  record->dropped = dropped_mark(key);
  return **rooms_.insert(std::move(record)).first;
}

void RoomTable::release(RoomRecord& record) {
  const bool held =
      record.present != 0 || record.unsettled != 0 || record.parked != 0 || record.waiting != 0;
  if (held || record.snapshot != nullptr || record.newest != 0) return;
  const std::string_view key = record.room->key();
  dropped_mark(key) = std::max(dropped_mark(key), record.dropped);
  rooms_.erase(rooms_.find(key));
}

void RoomTable::granted(RoomRecord& record, WorkerId worker) {
  const WorkerSet bit = bit_of(worker);
  if ((record.unsettled & bit) != 0) ++more_unsettled_[{record.room->number(), worker}];
  record.unsettled |= bit;
  record.present |= bit;
}

void RoomTable::settled(const rooms::Room& room, WorkerId worker, bool present) {
  RoomRecord* record = find(room);
  const WorkerSet bit = bit_of(worker);
  if (record == nullptr || (record->unsettled & bit) == 0) return;
  if (const auto more = more_unsettled_.find({room.number(), worker});
      more != more_unsettled_.end()) {
    if (--more->second == 0) more_unsettled_.erase(more);
    return;
  }
  record->unsettled &= ~bit;
  if (!present) record->present &= ~bit;
  release(*record);
}

void RoomTable::emptied(const rooms::Room& room, WorkerId worker) {
  RoomRecord* record = find(room);
  const WorkerSet bit = bit_of(worker);
  if (record == nullptr || (record->unsettled & bit) != 0) return;
  record->present &= ~bit;
  release(*record);
}

}  // namespace outcry::gateway
