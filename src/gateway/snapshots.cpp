#include "gateway/snapshots.h"

namespace outcry::gateway {

std::string Snapshots::key_of(NamespaceId namespace_id, std::string_view room) {
  return static_cast<char>(namespace_id) + std::string(room);
}

void Snapshots::store(NamespaceId namespace_id, std::string_view room, std::string_view event,
                      const std::vector<transport::SharedFrame>& frames) {
  if (rooms_max_ == 0) return;
  const std::string key = key_of(namespace_id, room);
  const auto found = by_key_.find(key);
  if (found == by_key_.end()) {
    if (rooms_.size() == rooms_max_) {
      by_key_.erase(rooms_.back().key);
      rooms_.pop_back();
    }
    rooms_.push_front({key, {}});
    by_key_.emplace(rooms_.front().key, rooms_.begin());
  } else {
    rooms_.splice(rooms_.begin(), rooms_, found->second);
  }
  auto& values = rooms_.front().values;
  std::erase_if(values, [event](const Value& value) { return value.event == event; });
  values.push_back({std::string(event), frames});
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
