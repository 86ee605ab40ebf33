#include "gateway/snapshots.h"

#include <algorithm>

namespace outcry::gateway {
namespace {

// Up to here a scan for a key is cheaper than an index.
constexpr std::size_t kScannedValues = 16;

}  // namespace

// ---- The values of one room ----

RoomSnapshot::Value* RoomSnapshot::find(std::uint64_t key) {
  if (!index) {
    const auto found = std::ranges::find(values, key, &Value::key);
    return found == values.end() ? nullptr : &*found;
  }
  const auto found = index->find(key);
  return found == index->end() ? nullptr : &values[found->second];
}

RoomSnapshot::Value& RoomSnapshot::add(std::uint64_t key) {
  if (!index && values.size() == kScannedValues) {
    index = std::make_unique<Index>();
    for (std::uint32_t i = 0; i < values.size(); ++i) index->emplace(values[i].key, i);
  }
  if (index) index->emplace(key, static_cast<std::uint32_t>(values.size()));
  return values.emplace_back(Value{.key = key});
}

void RoomSnapshot::remove(std::size_t at) {
  if (index) {
    index->erase(values[at].key);
    if (at + 1 < values.size()) (*index)[values.back().key] = static_cast<std::uint32_t>(at);
  }
  if (at + 1 < values.size()) values[at] = std::move(values.back());
  values.pop_back();
}

// ---- All rooms ----

void Snapshots::store(RoomRecord& record, const ValueName& name, const EventFrames& frames,
                      std::uint64_t released) {
  if (!keeps_any()) return;
  RoomSnapshot& room = find_or_make(record);
  RoomSnapshot::Value* known = room.find(name.key);
  RoomSnapshot::Value& value = known != nullptr ? *known : room.add(name.key);
  if (known == nullptr) value.event = name.event;
  value.latest = name.latest;
  room.bytes -= value.bytes;
  bytes_ -= value.bytes;
  value.frames = frames;
  value.released = released;
  value.bytes = frames.bytes();
  value.unsaved = true;
  room.bytes += value.bytes;
  bytes_ += value.bytes;
  if (!std::exchange(room.unsaved, true)) unsaved_.push_back(&room);

  while (room.bytes > limits_.room_bytes_max && room.values.size() > 1) {
    drop_oldest_value(room);
  }
  if (room.bytes > limits_.room_bytes_max || room.bytes > limits_.bytes_max) {
    return drop_room(room);
  }
  while (bytes_ > limits_.bytes_max) drop_one();
}

RoomSnapshot& Snapshots::find_or_make(RoomRecord& record) {
  if (record.snapshot != nullptr) {
    record.snapshot->used = true;
    return *record.snapshot;
  }
  if (rooms_.size() == limits_.rooms_max) drop_one();
  rooms_.push_front({.room = record, .values = {}, .index = {}, .place = {}});
  rooms_.front().place = rooms_.begin();
  record.snapshot = &rooms_.front();
  return rooms_.front();
}

void Snapshots::drop_one() {
  while (rooms_.back().used) {
    rooms_.back().used = false;
    rooms_.splice(rooms_.begin(), rooms_, rooms_.back().place);
  }
  drop_room(rooms_.back());
}

void Snapshots::drop_value(RoomSnapshot& room, std::size_t at) {
  const RoomSnapshot::Value& value = room.values[at];
  if (value.latest) room.room.dropped = std::max(room.room.dropped, value.released);
  room.bytes -= value.bytes;
  bytes_ -= value.bytes;
  room.remove(at);
}

void Snapshots::drop_oldest_value(RoomSnapshot& room) {
  const auto oldest = std::ranges::min_element(room.values, {}, &RoomSnapshot::Value::released);
  drop_value(room, static_cast<std::size_t>(oldest - room.values.begin()));
}

void Snapshots::drop_room(RoomSnapshot& room) {
  RoomRecord& record = room.room;
  while (!room.values.empty()) drop_value(room, room.values.size() - 1);
  if (room.unsaved) std::erase(unsaved_, &room);
  record.snapshot = nullptr;
  rooms_.erase(room.place);
  table_.release(record);
}

std::vector<transport::SharedFrame> Snapshots::frames_of(const RoomRecord& room) {
  std::vector<transport::SharedFrame> out;
  if (room.snapshot == nullptr) return out;
  std::vector<const RoomSnapshot::Value*> values;
  values.reserve(room.snapshot->values.size());
  for (const RoomSnapshot::Value& value : room.snapshot->values) values.push_back(&value);
  std::ranges::sort(values, {}, &RoomSnapshot::Value::released);
  for (const RoomSnapshot::Value* value : values) {
    value->frames.for_each([&out](const transport::SharedFrame& frame) { out.push_back(frame); });
  }
  return out;
}

void Snapshots::collect(const RoomRecord& room, std::uint64_t seen, std::vector<MissedEvent>& out) {
  if (room.snapshot == nullptr) return;
  for (const RoomSnapshot::Value& value : room.snapshot->values) {
    if (!value.latest || value.released <= seen) continue;
    out.push_back({.released = value.released, .event = {.frames = value.frames}});
  }
}

void Snapshots::collect_all(const RoomRecord& room, std::vector<MissedEvent>& out) {
  if (room.snapshot == nullptr) return;
  for (const RoomSnapshot::Value& value : room.snapshot->values) {
    out.push_back({.released = value.released, .event = {.frames = value.frames}});
  }
}

}  // namespace outcry::gateway
