#include "gateway/event_history.h"

#include <algorithm>
#include <utility>

#include "gateway/event_mark.h"

namespace outcry::gateway {
namespace {

// More than one, so that a history that is over its limits comes back under them.
constexpr std::size_t kTrimmedAtOnce = 8;

std::size_t bytes_of(const PastEvent& event) {
  std::size_t bytes = event.frames.bytes();
  if (event.except) {
    for (const std::string& room : *event.except) bytes += room.size();
  }
  return bytes;
}

bool holds(const std::vector<eventlog::Life>& lives, eventlog::Life life) {
  return std::ranges::find(lives, life) != lives.end();
}

}  // namespace

// One more than the last number: what this run loaded as the newest value of a key must be newer
// than any position of an earlier run.
EventHistory::EventHistory(RoomTable& rooms, const config::EventlogConfig& config,
                           eventlog::Life life, std::uint64_t last_number)
    : rooms_(rooms),
      retention_(config),
      position_{.life = life, .durable = last_number, .released = last_number + 1},
      start_(last_number + 1),
      lives_{life} {
  for (const eventlog::Retention& rule : retention_.rules()) {
    events_.push_back(std::make_unique<Events>(eventlog::HistoryLimits{
        .events_max = std::min<std::size_t>(rule.events_max, config.memory_events_max),
        .bytes_max = std::min<std::size_t>(rule.bytes_max, config.memory_bytes_max),
        .age_max = rule.age_max}));
  }
}

std::size_t EventHistory::size() const noexcept {
  std::size_t sum = 0;
  for (const auto& events : events_) sum += events->size();
  return sum;
}

std::size_t EventHistory::bytes() const noexcept {
  std::size_t sum = 0;
  for (const auto& events : events_) sum += events->bytes();
  return sum;
}

const eventlog::Position& EventHistory::release(std::uint64_t durable, std::uint64_t names) {
  position_.released += names;
  if (durable != 0) position_.durable = durable;
  return position_;
}

void EventHistory::begin_life(eventlog::Life life) {
  position_.life = life;
  lives_.push_back(life);
}

void EventHistory::note_trimmed(std::uint64_t number) {
  rooms_.note_dropped(number);
}

void EventHistory::add(RoomRecord& room, PastEvent event, TimePoint now) {
  const std::size_t bytes = bytes_of(event);
  append(room,
         {.released = position_.released, .at = now, .bytes = bytes, .payload = std::move(event)});
}

void EventHistory::load(RoomRecord& room, std::uint64_t number, PastEvent event, TimePoint at) {
  const std::size_t bytes = bytes_of(event);
  append(room, {.released = number, .at = at, .bytes = bytes, .payload = std::move(event)});
}

void EventHistory::append(RoomRecord& room, Events::Entry entry) {
  if (room.newest == 0) room.retention = retention_.rule_of(room.room->name());
  entry.room = &room;
  entry.before = room.newest;
  room.newest = events_[room.retention]->append(std::move(entry));
}

bool EventHistory::trim(TimePoint now) {
  bool more = false;
  for (const auto& events : events_) more = trim(*events, now) || more;
  return more;
}

bool EventHistory::trim_beside(const RoomRecord& room, TimePoint now) {
  return trim(*events_[room.retention], now);
}

bool EventHistory::trim(Events& events, TimePoint now) {
  return events.trim(now, kTrimmedAtOnce,
                     [this](eventlog::EntryIndex index, const Events::Entry& entry) {
                       RoomRecord& room = *entry.room;
                       room.dropped = entry.released;
                       if (room.newest != index) return;
                       room.newest = 0;
                       rooms_.release(room);
                     });
}

std::optional<std::uint64_t> EventHistory::seen_by(const eventlog::Position& position) const {
  if (holds(lives_, position.life)) {
    const bool given = position.released <= position_.released;
    return given ? std::optional(position.released) : std::nullopt;
  }
  const bool known = holds(earlier_lives_, position.life) && position.durable < start_;
  return known ? std::optional(position.durable) : std::nullopt;
}

bool EventHistory::collect(const RoomRecord& room, std::uint64_t seen, std::size_t most,
                           std::vector<MissedEvent>& out) const {
  if (room.dropped > seen) return false;
  for (eventlog::EntryIndex at = room.newest;;) {
    const Events::Entry* entry = events_[room.retention]->find(at);
    // The end of the chain; or trimmed, and then dropped says that it was seen.
    if (entry == nullptr || entry->released <= seen) return true;
    if (most-- == 0) return false;
    out.push_back({.released = entry->released, .event = entry->payload});
    at = entry->before;
  }
}

void EventHistory::last(const RoomRecord& room, std::size_t count,
                        std::vector<MissedEvent>& out) const {
  eventlog::EntryIndex at = room.newest;
  for (; count > 0; --count) {
    const Events::Entry* entry = events_[room.retention]->find(at);
    if (entry == nullptr) return;
    out.push_back({.released = entry->released, .event = entry->payload});
    at = entry->before;
  }
}

void EventHistory::to_acknowledge(const RoomRecord& room, std::uint64_t seen, std::size_t most,
                                  std::vector<MissedEvent>& out) const {
  eventlog::EntryIndex at = room.newest;
  for (; most > 0; --most) {
    const Events::Entry* entry = events_[room.retention]->find(at);
    if (entry == nullptr || entry->released <= seen) return;
    if (EventMark::of(*entry->payload.frames.own) != nullptr) {
      out.push_back({.released = entry->released, .event = entry->payload});
    }
    at = entry->before;
  }
}

}  // namespace outcry::gateway
