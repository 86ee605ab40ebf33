#include "gateway/outstanding_acks.h"

#include <limits>
#include <utility>

namespace outcry::gateway {

void OutstandingAcks::add(Event event, std::size_t most) {
  if (events_.size() >= most) stop();
  if (!stopped_) events_.push_back(std::move(event));
}

// By their places and not in the order in which they were sent: a room's newest state, which is
// sent to who joins, may be older than what he got ahead of it.
OutstandingAcks::Event OutstandingAcks::take_acknowledged(rooms::RoomNumber room) {
  std::uint64_t first_owed = std::numeric_limits<std::uint64_t>::max();
  for (const Event& event : events_) {
    const bool owed = event.room->number() == room && !event.acknowledged;
    if (owed) first_owed = std::min(first_owed, event.released);
  }
  Event last;
  std::erase_if(events_, [&](const Event& event) {
    const bool ahead = event.room->number() == room && event.released < first_owed;
    if (ahead && event.released >= last.released) last = event;
    return ahead;
  });
  return last;
}

}  // namespace outcry::gateway
