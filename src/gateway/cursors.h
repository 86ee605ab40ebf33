// gateway/cursors.h — how far users have acknowledged what their rooms were told.
//
//   ack_events {room, offset} ─▶ move()          join ─▶ find() ─▶ everything after it comes again
//   callback of an event      ─▶ move()          join ─▶ find() ─▶ such events after it come again
//
// A cursor only moves forward. Of `ack_events` whoever never acknowledged has none, and is sent
// nothing twice. Of callbacks he has one since he joined, for the first event may be lost as well;
// a client that knows no callbacks is told apart by its never using one.
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
  static constexpr std::uint8_t kRepeatsMax = 3;

  explicit Cursors(std::size_t cursors_max) : most_(cursors_max) {}
  Cursors(const Cursors&) = delete;
  Cursors& operator=(const Cursors&) = delete;

  /// `room_key`: its namespace, then its name. `seen`: EventHistory::seen_by(). False if it is no
  /// step forward. Above the limit the cursor that was moved longest ago is forgotten: its user is
  /// sent nothing twice until he acknowledges anew.
  bool move(const Reader& reader, std::string_view room_key, std::uint64_t seen);
  [[nodiscard]] std::optional<std::uint64_t> find(const Reader& reader,
                                                  std::string_view room_key) const;
  /// What is after his cursor, which he has, is about to be sent again. False once that was done
  /// kRepeatsMax times though he has never moved it: it is at `newest` then.
  bool repeat(const Reader& reader, std::string_view room_key, std::uint64_t newest);

  [[nodiscard]] std::size_t size() const noexcept { return by_name_.size(); }

 private:
  struct Cursor {
    std::string name;
    std::uint64_t seen = 0;
    bool moved = false;        // since it was made
    std::uint8_t repeats = 0;  // until it was
  };
  using Order = std::list<Cursor>;  // the one that was moved last at the front

  const std::size_t most_;
  Order order_;
  boost::unordered_flat_map<std::string_view, Order::iterator> by_name_;  // names of order_
};

}  // namespace outcry::gateway
