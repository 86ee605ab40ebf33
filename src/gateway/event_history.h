// gateway/event_history.h — what went out, for whoever missed some of it, and the position of it
// all.
//
//   release()  ─▶ position of the next event        add()  ─▶ it can be sent again
//   client     ─▶ "AAAA…" ─▶ seen_by() ─▶ collect() from each of its rooms
//
// Rooms whose events are kept for different times don't push out each other's.
//
// Events of class `must` are kept here; of `latest` ones only the newest counts, and Snapshots has
// it. Numbers of one run serve positions of earlier ones too: an event that was loaded from the log
// counts as released at its durable number, and what this run releases comes after all of those.
// Thread: the control thread. Owner: Gateway.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "config/config.h"
#include "config/retention_rules.h"
#include "eventlog/history.h"
#include "eventlog/position.h"
#include "gateway/event_encoder.h"
#include "gateway/room_table.h"

namespace outcry::gateway {

/// An event as it was sent.
struct PastEvent {
  EventFrames frames;
  bool names_count = true;                        // each has its number; else the event has one
  std::shared_ptr<const config::Strings> except;  // rooms whose members were left out; null: none
};

/// One that somebody missed.
struct MissedEvent {
  std::uint64_t released = 0;
  PastEvent event;
};

class EventHistory {
 public:
  /// `rooms` must outlive this. `last_number`: the greatest durable number given out before.
  EventHistory(RoomTable& rooms, const config::EventlogConfig& config, eventlog::Life life,
               std::uint64_t last_number);
  EventHistory(const EventHistory&) = delete;
  EventHistory& operator=(const EventHistory&) = delete;

  /// The position of the newest event that was released.
  [[nodiscard]] const eventlog::Position& position() const noexcept { return position_; }
  /// One more is released, under so many names; `durable` is its number on disk, 0 if it isn't
  /// there. Its position.
  const eventlog::Position& release(std::uint64_t durable, std::uint64_t names);
  /// Positions are of another life from now on: what was promised before no longer holds.
  void begin_life(eventlog::Life life);
  /// An earlier run's positions are understood.
  void know_life(eventlog::Life life) { earlier_lives_.push_back(life); }
  /// Events up to this number, of earlier runs, may be gone.
  void note_trimmed(std::uint64_t number);

  /// The event at position() can be sent again to members of this room.
  void add(RoomRecord& room, PastEvent event, TimePoint now);
  /// The same for one of an earlier run; its number on disk is its place.
  void load(RoomRecord& room, std::uint64_t number, PastEvent event, TimePoint at);
  /// Drops a little of what is over the limits. True if more is to be dropped.
  bool trim(TimePoint now);
  /// The same for the rule of one room.
  bool trim_beside(const RoomRecord& room, TimePoint now);

  /// Up to where somebody at `position` has had everything: a number that collect() takes. nullopt
  /// for a position that no run known here gave out.
  [[nodiscard]] std::optional<std::uint64_t> seen_by(const eventlog::Position& position) const;
  /// Appends what this room got after `seen`, newest first, `most` events at most. False if that
  /// isn't all: some is gone, or there is more.
  [[nodiscard]] bool collect(const RoomRecord& room, std::uint64_t seen, std::size_t most,
                             std::vector<MissedEvent>& out) const;

  /// Appends the newest `count` of what is kept of this room, newest first.
  void last(const RoomRecord& room, std::size_t count, std::vector<MissedEvent>& out) const;

  /// Appends those after `seen` that its members are to acknowledge, newest first, of the newest
  /// `most` that the room got.
  void to_acknowledge(const RoomRecord& room, std::uint64_t seen, std::size_t most,
                      std::vector<MissedEvent>& out) const;

  [[nodiscard]] const config::RetentionRules& retention() const noexcept { return retention_; }
  [[nodiscard]] std::size_t size() const noexcept;
  [[nodiscard]] std::size_t bytes() const noexcept;

 private:
  using Events = eventlog::History<RoomRecord*, PastEvent>;

  void append(RoomRecord& room, Events::Entry entry);
  bool trim(Events& events, TimePoint now);

  RoomTable& rooms_;
  const config::RetentionRules retention_;
  std::vector<std::unique_ptr<Events>> events_;  // by retention rule
  eventlog::Position position_;
  const std::uint64_t start_;  // released counts of this run are above
  std::vector<eventlog::Life> lives_;
  std::vector<eventlog::Life> earlier_lives_;
};

}  // namespace outcry::gateway
