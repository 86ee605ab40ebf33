// gateway/parked_sockets.h — sockets whose connection is gone and whose client may come back.
//
//   "sid"  ->  user, namespace, rooms, until when
//
// A parked socket keeps its rooms known, so that what it misses can be told exactly. Bounded in
// number and time; whoever has been away the longest goes first. Thread: the control thread.
// Owner: Gateway.
#pragma once

#include <cstddef>
#include <functional>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/unordered/unordered_flat_set.hpp>

#include "base/by_text.h"
#include "base/clock.h"
#include "base/ids.h"
#include "gateway/room_table.h"

namespace outcry::gateway {

struct ParkedSocket {
  std::string sid;
  std::string user;
  NamespaceId namespace_id = 0;
  std::vector<std::string> rooms;
  bool forbidden = false;  // a right to one of them has ended meanwhile
};

class ParkedSockets {
 public:
  /// `rooms` must outlive this.
  ParkedSockets(RoomTable& rooms, std::size_t sockets_max, std::chrono::milliseconds window)
      : rooms_(rooms), sockets_max_(sockets_max), window_(window) {}
  ~ParkedSockets();
  ParkedSockets(const ParkedSockets&) = delete;
  ParkedSockets& operator=(const ParkedSockets&) = delete;

  /// Called with the id of each socket that was given up: its time is over, or it had to make room.
  std::function<void(std::string_view sid)> on_given_up = [](std::string_view) {};

  /// Keeps it for the window. One of the same id is replaced.
  void park(ParkedSocket socket, TimePoint now);
  /// Takes it out; its rooms are no longer held.
  [[nodiscard]] std::optional<ParkedSocket> take(std::string_view sid, TimePoint now);
  /// The user's right to the room has ended: his sockets in it are forbidden. Returns their ids.
  /// Looks at every socket: for what an administrator does, not for each request.
  std::vector<std::string> forbid(NamespaceId namespace_id, std::string_view room,
                                  std::string_view user);
  void expire(TimePoint now);
  /// When expire() next has something to do.
  [[nodiscard]] std::optional<TimePoint> next() const;
  [[nodiscard]] std::size_t size() const noexcept { return by_sid_.size(); }

 private:
  struct Entry {
    ParkedSocket socket;
    std::vector<RoomRecord*> held;
    TimePoint until{};
  };
  using Order = std::list<Entry>;  // by time: the first goes first
  struct KeyOf {
    std::string_view operator()(std::string_view sid) const { return sid; }
    std::string_view operator()(Order::iterator entry) const { return entry->socket.sid; }
  };

  ParkedSocket remove(Order::iterator entry);

  RoomTable& rooms_;
  const std::size_t sockets_max_;
  const std::chrono::milliseconds window_;
  Order order_;
  boost::unordered_flat_set<Order::iterator, HashByText<KeyOf>, SameText<KeyOf>> by_sid_;
};

}  // namespace outcry::gateway
