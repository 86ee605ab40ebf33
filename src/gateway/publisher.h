// gateway/publisher.h — a publication's way from its source to the workers that have members.
//
//   accept()  ─▶ rule (class, key, durability) ─▶ paced? ─▶ encoded once ─▶ to be on disk first?
//   [waiting] ◀─ yes, or behind one of its room that waits
//   release() ─▶ its position ─▶ history, newest values ─▶ workers, one message each
//
// An event waits for the disk only if it must be there first, or behind an earlier one of its room:
// order is kept in each room, and a room without such events never waits
// (docs/decisions/0019-positions.md). Nearly every event is meant for one room: the message to a
// worker is then a number and a frame. Any other audience goes as a description that the worker
// resolves.
// Thread: the control thread. Owner: Gateway.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bus/publication.h"
#include "eventlog/log_writer.h"
#include "gateway/client_context.h"
#include "gateway/event_encoder.h"
#include "gateway/event_history.h"
#include "gateway/event_mark.h"
#include "gateway/event_pacer.h"
#include "gateway/event_rules.h"
#include "gateway/messages.h"
#include "gateway/room_table.h"
#include "gateway/snapshots.h"
#include "gateway/worker_posts.h"

namespace outcry::gateway {

struct PublisherStats {
  std::uint64_t publications = 0;            // accepted, of all sources
  std::uint64_t publications_unheard = 0;    // nobody here was in their rooms
  std::uint64_t publications_refused = 0;    // unknown namespace, reserved name, too big, overload
  std::uint64_t publications_undurable = 0;  // released without being written, for the log failed
};

class Publisher {
 public:
  /// Called once: with the position at which the event was released, or why it wasn't accepted.
  using Accepted = std::move_only_function<void(Result<eventlog::Position>)>;

  /// All references must outlive this. `log`: null if nothing is written.
  Publisher(const SharedRules& rules, RoomTable& rooms, Snapshots& snapshots, EventHistory& history,
            WorkerPosts& workers, eventlog::LogSink* log);
  Publisher(const Publisher&) = delete;
  Publisher& operator=(const Publisher&) = delete;

  /// Called with each event that goes out; `position`: empty if it has none of its own.
  std::function<void(const bus::Publication& publication, std::string_view position,
                     transport::DeliveryClass delivery_class)>
      on_release;

  /// Takes one publication. `channel` is where a wished callback is answered. `done`, which may be
  /// empty, is called before this returns unless the event waits for the disk; one that is held
  /// back by its interval counts as accepted at once. Errors: PublishError. The workers are yet to
  /// be woken.
  void accept(bus::Publication publication, std::string_view channel, TimePoint now, Accepted done);
  /// An event, or the newest of a key, that an earlier run has written: nobody is told of it, it
  /// can be sent again.
  void load(eventlog::StoredEvent stored, TimePoint now, WallTime wall);
  void load(eventlog::StoredValue stored);
  /// Calls it once what was accepted before has gone out: at once, unless something waits.
  void in_order(std::move_only_function<void()> action);
  /// What the log has reported.
  void on_log(const eventlog::LogReport& report, TimePoint now);
  /// After a batch: what waits for the disk is to be written now.
  void commit();
  /// Newest values that have changed go to the log.
  void save_values(WallTime now);

  /// Sends what was held back by its interval until now.
  void release_paced(TimePoint now);
  /// Sends all that is held back so: this node takes no more.
  void release_all_paced(TimePoint now);
  /// When release_paced() next has something to do.
  [[nodiscard]] std::optional<TimePoint> next_release() const { return pacer_.next(); }
  /// Nothing waits for the disk.
  [[nodiscard]] bool idle() const noexcept { return waiting_.empty(); }
  /// The log can't be written.
  [[nodiscard]] bool log_failing() const noexcept { return log_failing_; }

  /// nullopt if the namespace is not served.
  [[nodiscard]] std::optional<Audience> resolve(const bus::Audience& audience) const;
  /// A room as workers know it, whether or not it exists.
  [[nodiscard]] RoomTarget target(NamespaceId namespace_id, std::string_view name) const;

  [[nodiscard]] const PublisherStats& stats() const noexcept { return stats_; }
  [[nodiscard]] std::uint64_t replaced() const noexcept { return pacer_.replaced(); }
  [[nodiscard]] const EventRules& events() const noexcept { return events_; }

 private:
  /// An event on its way.
  struct Event {
    NamespaceId namespace_id = 0;
    bus::Publication publication;
    const EventRule* rule = nullptr;
    transport::DeliveryTerms terms;
    EventFrames frames;
    EventMark* mark = nullptr;  // in its own frame, until it is released
    std::optional<AckWish> ack;
    std::uint64_t durable = 0;  // its number in the log, 0: it isn't written
    Accepted done;
    std::move_only_function<void()> action;  // no event, but something that follows those before
    /// Whether it has a position of its own: others are not sent again.
    [[nodiscard]] bool counts() const noexcept {
      return terms.delivery_class != transport::DeliveryClass::volatile_ && !ack;
    }
  };

  /// `number`: what it has in the log, or gets there if it is written; 0: the log is not for it.
  [[nodiscard]] Event encode(NamespaceId namespace_id, bus::Publication publication,
                             const EventRule& rule, std::string_view channel, std::uint64_t number);
  [[nodiscard]] std::unique_ptr<EventMark> mark_for(const Event& event, std::uint64_t number) const;
  [[nodiscard]] std::uint64_t next_number(const EventRule& rule) const noexcept;
  [[nodiscard]] Result<Event> prepare(NamespaceId namespace_id, bus::Publication publication,
                                      const EventRule& rule, std::string_view channel);
  [[nodiscard]] std::error_code write(Event& event);
  void send(Event event, TimePoint now);
  [[nodiscard]] bool must_wait(const Event& event) const;
  void hold(Event event);
  void release_written(std::uint64_t number, TimePoint now);
  void give_up(std::uint64_t number, TimePoint now);
  Event take_waiting();
  void release(Event event, TimePoint now);
  void remember(const Event& event, TimePoint now);
  void deliver(Event& event);
  void deliver_to_room(const Event& event, RoomRecord& room);
  void send_paced(bus::Publication&& publication, TimePoint now);
  /// The rooms whose order counts for an event, made if need be; of an event for everyone, the one
  /// of no name, which no client can join.
  template <class F>
  void for_each_room(const Event& event, F&& f) {
    const bus::Audience& audience = event.publication.audience;
    if (audience.everyone) return f(rooms_.find_or_make(event.namespace_id, {}));
    for (const std::string& room : audience.rooms) {
      f(rooms_.find_or_make(event.namespace_id, room));
    }
  }
  [[nodiscard]] WorkerSet workers_for(const Audience& audience) const;

  const SharedRules& rules_;
  RoomTable& rooms_;
  Snapshots& snapshots_;
  EventHistory& history_;
  WorkerPosts& workers_;
  eventlog::LogSink* const log_;
  const EventRules events_;
  const bool with_positions_;
  EventPacer pacer_;
  std::deque<Event> waiting_;         // for the disk, and behind those that do
  std::size_t everyone_waiting_ = 0;  // of them, for rooms that aren't named
  bool to_commit_ = false;
  bool log_failing_ = false;
  PublisherStats stats_;
  std::string packet_;  // the text being encoded: its memory is kept
  std::uint64_t last_number_;
  std::uint64_t loaded_number_ = 0;
  std::uint64_t next_ack_id_ = 0;
};

}  // namespace outcry::gateway
