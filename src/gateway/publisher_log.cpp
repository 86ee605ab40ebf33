// The publisher's part in the log: what it holds from before, and what waits to be written.
#include <algorithm>
#include <utility>

#include "gateway/publisher.h"
#include "gateway/stored_events.h"

namespace outcry::gateway {

// ---- From before ----

void Publisher::load(eventlog::StoredEvent stored, TimePoint now, WallTime wall) {
  const auto namespace_id = rules_.namespace_id(stored.namespace_name);
  if (!namespace_id || !with_positions_) return;
  const std::uint64_t number = stored.number;
  const std::uint64_t before = std::exchange(loaded_number_, number);
  const TimePoint at = now - std::max(wall - stored.at, milliseconds::zero());
  const EventRule& rule = events_.of(stored.event);
  const Event event = encode(*namespace_id, publication_of(std::move(stored)), rule, {}, number);
  const eventlog::Life life = history_.position().life;
  set_positions(event.frames, {.life = life, .durable = before, .released = before},
                {.life = life, .durable = number, .released = number});
  const config::Strings& except = event.publication.audience.except;
  const PastEvent past{
      .frames = event.frames,
      .names_count = number - before >= event.frames.names(),  // the aliases may be new
      .except = except.empty() ? nullptr : std::make_shared<const config::Strings>(except)};
  if (event.mark != nullptr) {
    event.mark->life = life;
    event.mark->released = number;
  }
  for_each_room(event, [&](RoomRecord& room) {
    if (event.mark != nullptr) event.mark->rooms.push_back(room.room);
    history_.load(room, number, past, at);
  });
}

void Publisher::load(eventlog::StoredValue stored) {
  const auto namespace_id = rules_.namespace_id(stored.namespace_name);
  auto publication = namespace_id ? publication_of(std::move(stored)) : std::nullopt;
  if (!publication) return;
  const EventRule& rule = events_.of(publication->event);
  if (!rule.snapshot) return;  // the configuration has changed
  const Event event = encode(*namespace_id, std::move(*publication), rule, {}, 0);
  const eventlog::Position before = history_.position();
  const eventlog::Position position = history_.release(0, event.frames.names());
  if (with_positions_) set_positions(event.frames, before, position);
  const bool is_latest = rule.delivery_class == transport::DeliveryClass::latest;
  for_each_room(event, [&](RoomRecord& room) {
    snapshots_.store(
        room, {.key = event.terms.key, .event = event.publication.event, .latest = is_latest},
        event.frames, position.released);
  });
}

// ---- Waiting for the disk ----

/// What is written afterwards waits too while anything does: durable numbers go out in their order.
bool Publisher::must_wait(const Event& event) const {
  if (event.durable != 0 && event.rule->durability == Durability::before_delivery) return true;
  if (waiting_.empty()) return false;
  if (event.durable != 0 || everyone_waiting_ > 0) return true;
  const bus::Audience& audience = event.publication.audience;
  if (audience.everyone) return true;
  return std::ranges::any_of(audience.rooms, [&](const std::string& name) {
    const RoomRecord* room = rooms_.find(event.namespace_id, name);
    return room != nullptr && room->waiting > 0;
  });
}

void Publisher::hold(Event event) {
  if (event.publication.audience.everyone) {
    ++everyone_waiting_;
  } else {
    for_each_room(event, [](RoomRecord& room) { ++room.waiting; });
  }
  waiting_.push_back(std::move(event));
}

void Publisher::in_order(std::move_only_function<void()> action) {
  if (waiting_.empty()) return action();
  waiting_.push_back({.action = std::move(action)});
}

Publisher::Event Publisher::take_waiting() {
  Event event = std::move(waiting_.front());
  waiting_.pop_front();
  if (event.publication.audience.everyone) {
    --everyone_waiting_;
  } else {
    for_each_room(event, [this](RoomRecord& room) {
      --room.waiting;
      rooms_.release(room);
    });
  }
  return event;
}

void Publisher::on_log(const eventlog::LogReport& report, TimePoint now) {
  switch (report.kind) {
    case eventlog::LogReport::Kind::written:
      return release_written(report.number, now);
    case eventlog::LogReport::Kind::failed:
      return give_up(report.number, now);
    case eventlog::LogReport::Kind::healed:
      log_failing_ = false;
      return history_.begin_life(report.life);
  }
}

void Publisher::release_written(std::uint64_t number, TimePoint now) {
  while (!waiting_.empty() && waiting_.front().durable <= number) release(take_waiting(), now);
}

/// Those that wait for an answer are refused, the publisher tries again. The others are seen now or
/// never: trading goes on, and positions say that the log doesn't have them.
void Publisher::give_up(std::uint64_t number, TimePoint now) {
  if (!std::exchange(log_failing_, true)) history_.begin_life(eventlog::make_life());
  while (!waiting_.empty() && waiting_.front().durable <= number) {
    Event event = take_waiting();
    if (event.durable != 0 && event.done) {
      ++stats_.publications_refused;
      event.done(fail(PublishError::unavailable));
      continue;
    }
    if (std::exchange(event.durable, 0) != 0) ++stats_.publications_undurable;
    release(std::move(event), now);
  }
}

}  // namespace outcry::gateway
