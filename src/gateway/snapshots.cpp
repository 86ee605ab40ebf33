#include "gateway/snapshots.h"

#include <algorithm>
#include <iterator>

namespace outcry::gateway {

std::string_view Snapshots::key_of(NamespaceId namespace_id, std::string_view room) const {
  key_.assign(1, static_cast<char>(namespace_id));
  key_ += room;
  return key_;
}

void Snapshots::store(NamespaceId namespace_id, std::string_view room_name, std::string_view event,
                      const std::vector<transport::SharedFrame>& frames) {
  if (limits_.rooms_max == 0) return;
  Room& room = make_latest(key_of(namespace_id, room_name));
  Value& value = make_latest(room, event);
  room.bytes -= value.bytes;
  bytes_ -= value.bytes;
  value.frames = frames;
  value.bytes = 0;
  for (const transport::SharedFrame& frame : frames) value.bytes += frame->wire().size();
  room.bytes += value.bytes;
  bytes_ += value.bytes;

  while (room.bytes > limits_.room_bytes_max && room.values.size() > 1) drop_value(room, 0);
  if (room.bytes > limits_.room_bytes_max || room.bytes > limits_.bytes_max) {
    return drop_room(rooms_.begin());
  }
  while (bytes_ > limits_.bytes_max) drop_room(std::prev(rooms_.end()));
}

Snapshots::Room& Snapshots::make_latest(std::string_view key) {
  const auto found = by_key_.find(key);
  if (found != by_key_.end()) {
    rooms_.splice(rooms_.begin(), rooms_, found->second);
    return rooms_.front();
  }
  if (rooms_.size() == limits_.rooms_max) drop_room(std::prev(rooms_.end()));
  rooms_.push_front({.key = std::string(key), .values = {}});
  by_key_.emplace(rooms_.front().key, rooms_.begin());
  return rooms_.front();
}

Snapshots::Value& Snapshots::make_latest(Room& room, std::string_view event) {
  const auto found = std::ranges::find(room.values, event, &Value::event);
  if (found == room.values.end()) {
    room.values.push_back({.event = std::string(event), .frames = {}});
  } else {
    std::rotate(found, std::next(found), room.values.end());
  }
  return room.values.back();
}

void Snapshots::drop_value(Room& room, std::size_t index) {
  const auto value = room.values.begin() + static_cast<std::ptrdiff_t>(index);
  room.bytes -= value->bytes;
  bytes_ -= value->bytes;
  room.values.erase(value);
}

void Snapshots::drop_room(std::list<Room>::iterator room) {
  bytes_ -= room->bytes;
  by_key_.erase(room->key);
  rooms_.erase(room);
}

std::vector<transport::SharedFrame> Snapshots::find(NamespaceId namespace_id,
                                                    std::string_view room) const {
  std::vector<transport::SharedFrame> out;
  const auto found = by_key_.find(key_of(namespace_id, room));
  if (found == by_key_.end()) return out;
  for (const Value& value : found->second->values) {
    out.insert(out.end(), value.frames.begin(), value.frames.end());
  }
  return out;
}

}  // namespace outcry::gateway
