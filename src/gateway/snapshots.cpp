#include "gateway/snapshots.h"

#include <algorithm>
#include <iterator>

namespace outcry::gateway {

std::string Snapshots::key_of(NamespaceId namespace_id, std::string_view room) {
  return static_cast<char>(namespace_id) + std::string(room);
}

void Snapshots::store(NamespaceId namespace_id, std::string_view room_name, std::string_view event,
                      const std::vector<transport::SharedFrame>& frames) {
  if (limits_.rooms_max == 0) return;
  std::size_t bytes = 0;
  for (const transport::SharedFrame& frame : frames) bytes += frame->wire().size();

  Room& room = make_latest(key_of(namespace_id, room_name));
  const auto old = std::ranges::find(room.values, event, &Value::event);
  if (old != room.values.end()) {
    drop_value(room, static_cast<std::size_t>(old - room.values.begin()));
  }
  if (bytes <= std::min(limits_.room_bytes_max, limits_.bytes_max)) {
    while (room.bytes + bytes > limits_.room_bytes_max) drop_value(room, 0);
    room.values.push_back({std::string(event), frames, bytes});
    room.bytes += bytes;
    bytes_ += bytes;
  }
  while (bytes_ > limits_.bytes_max && rooms_.size() > 1) drop_room(std::prev(rooms_.end()));
  while (bytes_ > limits_.bytes_max) drop_value(room, 0);
  if (room.values.empty()) drop_room(rooms_.begin());
}

Snapshots::Room& Snapshots::make_latest(std::string key) {
  const auto found = by_key_.find(key);
  if (found != by_key_.end()) {
    rooms_.splice(rooms_.begin(), rooms_, found->second);
    return rooms_.front();
  }
  if (rooms_.size() == limits_.rooms_max) drop_room(std::prev(rooms_.end()));
  rooms_.push_front({.key = std::move(key), .values = {}});
  by_key_.emplace(rooms_.front().key, rooms_.begin());
  return rooms_.front();
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
