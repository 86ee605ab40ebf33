#include "gateway/parked_sockets.h"

#include <algorithm>
#include <utility>

namespace outcry::gateway {

ParkedSockets::~ParkedSockets() {
  while (!order_.empty()) (void)remove(order_.begin());
}

void ParkedSockets::park(ParkedSocket socket, TimePoint now) {
  if (const auto known = by_sid_.find(std::string_view(socket.sid)); known != by_sid_.end()) {
    (void)remove(*known);
  }
  if (sockets_max_ == 0) return on_given_up(socket.sid);
  while (by_sid_.size() >= sockets_max_) on_given_up(remove(order_.begin()).sid);
  Entry entry{.socket = std::move(socket), .held = {}, .until = now + window_};
  for (const std::string& room : entry.socket.rooms) {
    RoomRecord& record = rooms_.find_or_make(entry.socket.namespace_id, room);
    ++record.parked;
    entry.held.push_back(&record);
  }
  by_sid_.insert(order_.insert(order_.end(), std::move(entry)));
}

ParkedSocket ParkedSockets::remove(Order::iterator entry) {
  by_sid_.erase(entry);
  for (RoomRecord* room : entry->held) {
    --room->parked;
    rooms_.release(*room);
  }
  ParkedSocket socket = std::move(entry->socket);
  order_.erase(entry);
  return socket;
}

std::optional<ParkedSocket> ParkedSockets::take(std::string_view sid, TimePoint now) {
  const auto found = by_sid_.find(sid);
  if (found == by_sid_.end()) return std::nullopt;
  const bool in_time = now < (*found)->until;
  ParkedSocket socket = remove(*found);
  if (!in_time) return std::nullopt;
  return socket;
}

std::vector<std::string> ParkedSockets::forbid(NamespaceId namespace_id, std::string_view room,
                                               std::string_view user) {
  std::vector<std::string> sids;
  for (Entry& entry : order_) {
    ParkedSocket& socket = entry.socket;
    if (socket.namespace_id != namespace_id || socket.user != user) continue;
    if (std::ranges::find(socket.rooms, room) == socket.rooms.end()) continue;
    socket.forbidden = true;
    sids.push_back(socket.sid);
  }
  return sids;
}

void ParkedSockets::expire(TimePoint now) {
  while (!order_.empty() && order_.front().until <= now) on_given_up(remove(order_.begin()).sid);
}

std::optional<TimePoint> ParkedSockets::next() const {
  if (order_.empty()) return std::nullopt;
  return order_.front().until;
}

}  // namespace outcry::gateway
