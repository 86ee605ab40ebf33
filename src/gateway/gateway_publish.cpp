// The gateway's part in publishing: from whatever source to the publisher, and on to the workers.
#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/log.h"
#include "gateway/gateway.h"
#include "gateway/gateway_timers.h"
#include "gateway/publication_id.h"

namespace outcry::gateway {
namespace {

constexpr std::chrono::milliseconds kBacklogRetry{1};
constexpr std::chrono::milliseconds kUpkeepInterval{1'000};
// Events of this name are for this server and its peers; no client gets one.
constexpr std::string_view kControlEvents = "outcry:";

/// Who published what came on this channel of Redis, for the audit trail.
std::string source_of(std::string_view channel) {
  return fmt::format("redis:{}", channel);
}

std::string_view name_of(SocketCommand::Kind kind) {
  switch (kind) {
    case SocketCommand::Kind::join:
      return "join";
    case SocketCommand::Kind::leave:
      return "leave";
    case SocketCommand::Kind::disconnect:
      return "disconnect";
    case SocketCommand::Kind::close:
      return "close";
  }
  return "close";
}

}  // namespace

// ---- The log ----

void Gateway::load_log() {
  eventlog::LogContents contents = std::move(log_.contents());
  for (const eventlog::Life life : contents.lives) history_.know_life(life);
  history_.note_trimmed(contents.trimmed_number);
  const TimePoint now = steady_now();
  const WallTime wall = wall_now();
  for (eventlog::StoredEvent& stored : contents.events) {
    const std::uint64_t number = stored.number;
    const std::string id = publication_id(stored, config_.events.id_member);
    publisher_.load(std::move(stored), now, wall);
    if (id.empty()) continue;
    recent_ids_.remember(digest_text(id),
                         {.life = log_.life(), .durable = number, .released = number});
  }
  for (eventlog::StoredValue& stored : contents.values) publisher_.load(std::move(stored));
  for (const eventlog::StoredCursor& cursor : contents.cursors) {
    (void)cursors_.move({.user = cursor.user, .device = cursor.device}, cursor.room_key,
                        cursor.number);
  }
  load_sockets(std::move(contents.sessions), wall - contents.last_written);
}

void Gateway::start_log() {
  log_.start([this](eventlog::LogReport report) {
    post([this, report = std::move(report)] {
      publisher_.on_log(report, steady_now());
      wake_workers();
    });
  });
  upkeep();
}

/// What is done every second, whatever happens.
void Gateway::upkeep() {
  if (stopped_) return;
  const TimePoint now = steady_now();
  while (history_.trim(now)) {
  }
  parked_.expire(now);
  expire_offers(now);
  publisher_.save_values(wall_now());
  timers_->upkeep.expires_after(kUpkeepInterval);
  timers_->upkeep.async_wait([this, alive = std::weak_ptr(alive_)](auto error) {
    if (!error && !alive.expired()) upkeep();
  });
}

// ---- Events ----

void Gateway::take_bus_message(bus::Message message, std::string_view channel) {
  if (auto* publication = std::get_if<bus::Publication>(&message)) {
    if (publication->event.starts_with(kControlEvents)) {
      publication->source = source_of(channel);
      if (take_control_event(*publication)) ++stats_.commands_refused;
      return;
    }
    if (audit_.rules().publications) publication->source = source_of(channel);
    accept(std::move(*publication), channel, {});  // refusals are counted; nobody waits for them
  } else if (auto* join = std::get_if<bus::JoinRooms>(&message)) {
    take_command(SocketCommand::Kind::join, join->audience, join->rooms, channel);
  } else if (auto* leave = std::get_if<bus::LeaveRooms>(&message)) {
    take_command(SocketCommand::Kind::leave, leave->audience, leave->rooms, channel);
  } else if (auto* away = std::get_if<bus::DisconnectSockets>(&message)) {
    const auto kind =
        away->close_connection ? SocketCommand::Kind::close : SocketCommand::Kind::disconnect;
    take_command(kind, away->audience, {}, channel);
  }
}

void Gateway::take_command(SocketCommand::Kind kind, const bus::Audience& audience,
                           const std::vector<std::string>& rooms, std::string_view channel) {
  audit_.add_command(name_of(kind), audience, rooms, source_of(channel));
  // Behind the events that the publisher sent before.
  publisher_.in_order([this, kind, audience, rooms] { run_command(kind, audience, rooms); });
}

// A join counts as granted to every worker until each has told how it went: an event that the
// publisher sends right after it must find the new members.
void Gateway::run_command(SocketCommand::Kind kind, const bus::Audience& audience,
                          const std::vector<std::string>& rooms) {
  auto resolved = publisher_.resolve(audience);
  if (!resolved || !workers_.has_room(workers_.all())) {
    ++stats_.commands_refused;
    return;
  }
  ++stats_.commands;
  auto command = std::make_shared<SocketCommand>(
      SocketCommand{.kind = kind, .audience = std::move(*resolved), .rooms = {}});
  for (const std::string& room : rooms) {
    if (room.empty()) continue;  // nobody can be moved in or out of the room of everyone
    if (kind == SocketCommand::Kind::join) {
      RoomRecord& record = rooms_.find_or_make(command->audience.namespace_id, room);
      for (std::size_t i = 0; i < workers_.size(); ++i) {
        rooms_.granted(record, static_cast<WorkerId>(i));
      }
    }
    command->rooms.push_back(publisher_.target(command->audience.namespace_id, room));
  }
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    workers_.post(static_cast<WorkerId>(i), std::shared_ptr<const SocketCommand>(command));
  }
}

void Gateway::publish(bus::Publication publication, PublishDone done) {
  if (publication.event.starts_with(kControlEvents)) {
    if (const auto error = take_control_event(publication)) return done(fail(error));
    return done(PublishReceipt{.id = std::move(publication.id), .offset = {}});
  }
  std::string id = publication.id;
  accept(std::move(publication), {},
         [id = std::move(id), done = std::move(done)](Result<eventlog::Position> position) mutable {
           if (!position) return done(fail(position.error()));
           done(PublishReceipt{.id = std::move(id), .offset = to_string(*position)});
         });
  wake_workers_later();
}

void Gateway::accept(bus::Publication publication, std::string_view channel,
                     Publisher::Accepted done) {
  if (draining_) {
    ++stats_.publications_draining;
    if (done) done(fail(PublishError::unavailable));
    return;
  }
  const TimePoint now = steady_now();
  const std::string text = publication_id(publication, config_.events.id_member);
  if (text.empty()) {
    return publisher_.accept(std::move(publication), channel, now, std::move(done));
  }
  const TextDigest id = digest_text(text);
  if (const auto position = recent_ids_.find(id)) {
    ++stats_.publications_repeated;
    if (done) done(*position);
    return;
  }
  if (recent_ids_.wait(id, done)) {
    ++stats_.publications_repeated;
    return;
  }
  recent_ids_.begin(id, std::move(done));
  publisher_.accept(
      std::move(publication), channel, now,
      [this, id](Result<eventlog::Position> position) { recent_ids_.finish(id, position); });
}

// ---- Waking the workers ----

void Gateway::wake_workers() {
  wake_pending_ = false;
  publisher_.commit();
  if (workers_.wake() && !stopped_) retry_later();
  if (publisher_.next_release() && !release_pending_ && !stopped_) release_later();
}

void Gateway::release_later() {
  release_pending_ = true;
  timers_->release.expires_at(*publisher_.next_release());
  timers_->release.async_wait([this, alive = std::weak_ptr(alive_)](auto error) {
    if (error || alive.expired()) return;
    release_pending_ = false;
    publisher_.release_paced(steady_now());
    wake_workers();
  });
}

void Gateway::retry_later() {
  timers_->backlog.expires_after(kBacklogRetry);
  timers_->backlog.async_wait([this, alive = std::weak_ptr(alive_)](auto error) {
    if (!error && !alive.expired()) wake_workers();
  });
}

void Gateway::wake_workers_later() {
  if (std::exchange(wake_pending_, true)) return;
  post([this] { wake_workers(); });
}

}  // namespace outcry::gateway
