#include "gateway/snapshots.h"

#include <algorithm>
#include <iterator>

namespace outcry::gateway {

void Snapshots::store(RoomRecord& record, std::string_view event,
                      std::span<const transport::SharedFrame> frames) {
  if (!keeps_any()) return;
  RoomSnapshot& room = find_or_make(record);
  RoomSnapshot::Value& value = make_latest(room, event);
  room.bytes -= value.bytes;
  bytes_ -= value.bytes;
  value.frames.assign(frames.begin(), frames.end());
  value.bytes = 0;
  for (const transport::SharedFrame& frame : frames) value.bytes += frame->wire().size();
  room.bytes += value.bytes;
  bytes_ += value.bytes;

  while (room.bytes > limits_.room_bytes_max && room.values.size() > 1) drop_value(room, 0);
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
  rooms_.push_front({.room = record, .values = {}, .place = {}});
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

RoomSnapshot::Value& Snapshots::make_latest(RoomSnapshot& room, std::string_view event) {
  const auto found = std::ranges::find(room.values, event, &RoomSnapshot::Value::event);
  if (found == room.values.end()) {
    room.values.push_back({.event = std::string(event), .frames = {}});
  } else {
    std::rotate(found, std::next(found), room.values.end());
  }
  return room.values.back();
}

void Snapshots::drop_value(RoomSnapshot& room, std::size_t index) {
  const auto value = room.values.begin() + static_cast<std::ptrdiff_t>(index);
  room.bytes -= value->bytes;
  bytes_ -= value->bytes;
  room.values.erase(value);
}

void Snapshots::drop_room(RoomSnapshot& room) {
  RoomRecord& record = room.room;
  bytes_ -= room.bytes;
  record.snapshot = nullptr;
  rooms_.erase(room.place);
  table_.release(record);
}

std::vector<transport::SharedFrame> Snapshots::frames_of(const RoomRecord& room) {
  std::vector<transport::SharedFrame> out;
  if (room.snapshot == nullptr) return out;
  for (const RoomSnapshot::Value& value : room.snapshot->values) {
    out.insert(out.end(), value.frames.begin(), value.frames.end());
  }
  return out;
}

}  // namespace outcry::gateway
