// gateway/outstanding_acks.h — what one client was sent and has yet to acknowledge.
//
//   sent        #3 A   #4 B   #7 A   #9 A
//   callbacks                 #7
//   callbacks   #3            #7                 ─▶ room A is acknowledged up to #7
//
// A cursor says "everything up to here", so it moves over what is acknowledged without a gap: of
// two that wait, the later one's callback says nothing of the earlier.
// Thread: its owner's only. Owner: ClientSession.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "eventlog/position.h"
#include "rooms/room.h"

namespace outcry::gateway {

class OutstandingAcks {
 public:
  struct Event {
    rooms::RoomRef room;
    // EventMark's:
    std::uint64_t number = 0;
    eventlog::Life life = 0;
    std::uint64_t released = 0;
    std::uint32_t ack_id = 0;
    bool receipts = false;
    bool acknowledged = false;
  };

  /// An event was sent; called for each of its rooms. What comes when `most` wait is not known
  /// here, nor is anything after it: a cursor that passed it by would lose it.
  void add(Event event, std::size_t most);

  /// Nothing that is sent from now on counts: something ahead of it was not sent.
  void stop() noexcept { stopped_ = true; }

  /// Calls answered(const Event&) for what is acknowledged by that, and moved(const Event&) for
  /// each room that is acknowledged up to a later event than before. False if nothing of this id
  /// waits.
  template <class Answered, class Moved>
  bool acknowledge(std::uint64_t ack_id, Answered&& answered, Moved&& moved) {
    return acknowledge_each([ack_id](const Event& event) { return event.ack_id == ack_id; },
                            answered, moved);
  }
  /// The same for everything of a room up to a position, as far as that can be compared.
  template <class Answered, class Moved>
  bool acknowledge_until(rooms::RoomNumber room, const eventlog::Position& position,
                         Answered&& answered, Moved&& moved) {
    const auto is_meant = [room, &position](const Event& event) {
      return event.room->number() == room && event.life == position.life &&
             event.released <= position.released;
    };
    return acknowledge_each(is_meant, answered, moved);
  }

  [[nodiscard]] std::size_t size() const noexcept { return events_.size(); }

 private:
  template <class Meant, class Answered, class Moved>
  bool acknowledge_each(Meant&& is_meant, Answered& answered, Moved& moved) {
    bool known = false;
    const auto waits = [&is_meant](const Event& event) {
      return !event.acknowledged && is_meant(event);
    };
    for (auto at = events_.begin(); (at = std::ranges::find_if(events_, waits)) != events_.end();) {
      known = at->acknowledged = true;
      answered(std::as_const(*at));
      const Event last = take_acknowledged(at->room->number());
      if (last.room) moved(last);
    }
    return known;
  }
  /// Drops those of the room ahead of the first that isn't acknowledged; returns the last of them.
  Event take_acknowledged(rooms::RoomNumber room);

  std::vector<Event> events_;
  bool stopped_ = false;
};

}  // namespace outcry::gateway
