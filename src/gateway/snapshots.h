// gateway/snapshots.h — the newest value of a room's state events, for those who join later.
//
//   room "challenge_7"  ->  equity_updated: frame     challenge_status_changed: frame
//
// A joiner would otherwise look at an empty page until the next trade. Held as ready frames, so a
// join costs references. Bounded: the rooms that were longest without an event go first.
// Thread: the control thread. Owner: Gateway.
#pragma once

#include <cstdint>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "transport/frame.h"

namespace outcry::gateway {

class Snapshots {
 public:
  explicit Snapshots(std::size_t rooms_max) : rooms_max_(rooms_max) {}

  /// `frames` is the event under its name and aliases; it replaces what `event` had before.
  void store(NamespaceId namespace_id, std::string_view room, std::string_view event,
             const std::vector<transport::SharedFrame>& frames);
  /// All frames of a room, in the order in which their events were last published.
  [[nodiscard]] std::vector<transport::SharedFrame> find(NamespaceId namespace_id,
                                                         std::string_view room) const;
  [[nodiscard]] std::size_t size() const noexcept { return rooms_.size(); }

 private:
  struct Value {
    std::string event;
    std::vector<transport::SharedFrame> frames;
  };
  struct Room {
    std::string key;
    std::vector<Value> values;
  };
  [[nodiscard]] static std::string key_of(NamespaceId namespace_id, std::string_view room);

  std::size_t rooms_max_;
  std::list<Room> rooms_;                                                   // latest first
  std::unordered_map<std::string_view, std::list<Room>::iterator> by_key_;  // views their keys
};

}  // namespace outcry::gateway
