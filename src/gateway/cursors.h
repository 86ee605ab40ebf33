// gateway/cursors.h — how far users have acknowledged what their rooms were told.
//
//   ack_events {room, offset} ─▶ move()          join ─▶ find() ─▶ everything after it comes again
//
// A cursor only moves forward. Whoever never acknowledged has none, and is sent nothing twice.
// Thread: the control thread. Owner: Gateway.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <string_view>

#include <boost/unordered/unordered_flat_map.hpp>

namespace outcry::gateway {

/// Who reads: a user, on a device where devices are told apart.
struct Reader {
  std::string user;
  std::string device;
};

class Cursors {
 public:
  explicit Cursors(std::size_t cursors_max) : most_(cursors_max) {}
  Cursors(const Cursors&) = delete;
  Cursors& operator=(const Cursors&) = delete;

  /// `room_key`: its namespace, then its name. `seen`: EventHistory::seen_by(). False if it is no
  /// step forward. Above the limit the cursor that was moved longest ago is forgotten: its user is
  /// sent nothing twice until he acknowledges anew.
  bool move(const Reader& reader, std::string_view room_key, std::uint64_t seen);
  [[nodiscard]] std::optional<std::uint64_t> find(const Reader& reader,
                                                  std::string_view room_key) const;

  [[nodiscard]] std::size_t size() const noexcept { return by_name_.size(); }

 private:
  struct Cursor {
    std::string name;
    std::uint64_t seen = 0;
  };
  using Order = std::list<Cursor>;  // the one that was moved last at the front

  const std::size_t most_;
  Order order_;
  boost::unordered_flat_map<std::string_view, Order::iterator> by_name_;  // names of order_
};

}  // namespace outcry::gateway
