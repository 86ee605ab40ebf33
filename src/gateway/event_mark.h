// gateway/event_mark.h — what a worker finds in the frame of an event that clients acknowledge.
//
//   421235["risk_alert",{…}]   ["position","AAAAAB…"]
//     ack id: the same for all            └ to whoever takes positions, right behind it
//
// The callback is a handler's last argument, and so would be a position: the stock client takes it
// for one only in the last place, and a handler of `(data, ack)` would be handed the text. So the
// position follows in an event of its own (docs/decisions/0021-acknowledgements.md).
//
// Ids of such events are odd, those of publishers' callbacks even, and neither is above 31 bits:
// some clients keep them in an `int`.
// Thread: written by the control thread until the event goes out, then immutable.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "eventlog/position.h"
#include "rooms/room.h"
#include "transport/frame.h"

namespace outcry::gateway {

struct EventMark final : transport::FrameMark {
  std::uint64_t number = 0;    // in the log: eventlog::Position::durable
  eventlog::Life life = 0;     // of `released`
  std::uint64_t released = 0;  // eventlog::Position::released, all its names counted
  std::uint32_t ack_id = 0;
  bool receipts = false;              // what becomes of it is kept
  std::vector<rooms::RoomRef> rooms;  // that it went to
  transport::SharedFrame position;    // an event that says the frame's position

  /// nullptr for nearly every frame.
  [[nodiscard]] static const EventMark* of(const transport::Frame& frame) noexcept {
    return static_cast<const EventMark*>(frame.mark());  // nobody else marks frames
  }
};

/// Whose position is still to be set: set_positions(). `number`: its own in the log.
[[nodiscard]] std::unique_ptr<EventMark> make_event_mark(std::uint64_t number,
                                                         std::string_view namespace_name,
                                                         std::string_view position_event);

/// Numbers that are 2^30 apart share an id; a client never owes so many.
[[nodiscard]] constexpr std::uint32_t ack_id_of_event(std::uint64_t number) noexcept {
  constexpr std::uint64_t kMask = (1U << 30) - 1;
  return static_cast<std::uint32_t>((number & kMask) * 2 + 1);
}
[[nodiscard]] constexpr std::uint64_t ack_id_of_callback(std::uint64_t count) noexcept {
  return count * 2;
}
[[nodiscard]] constexpr bool is_ack_of_event(std::uint64_t ack_id) noexcept {
  return ack_id % 2 == 1;
}

}  // namespace outcry::gateway
