// gateway/publisher.h — a publication's way from its source to the workers that have members.
//
//   publication ─▶ rule (class, key) ─▶ paced? ─▶ encoded once ─┬─▶ snapshots, for who joins later
//                                                               └─▶ workers, one message each
//
// Nearly every event is meant for one room: its room is looked up once, and the message to a worker
// is a number and a frame. Any other audience goes as a description that the worker resolves.
// Thread: the control thread. Owner: Gateway.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bus/publication.h"
#include "gateway/client_context.h"
#include "gateway/event_pacer.h"
#include "gateway/event_rules.h"
#include "gateway/messages.h"
#include "gateway/room_table.h"
#include "gateway/snapshots.h"
#include "gateway/worker_group.h"

namespace outcry::gateway {

struct PublisherStats {
  std::uint64_t publications = 0;          // accepted, of all sources
  std::uint64_t publications_unheard = 0;  // nobody here was in their rooms
  std::uint64_t publications_refused = 0;  // unknown namespace, reserved name, too big, overload
};

class Publisher {
 public:
  /// All references must outlive this.
  Publisher(const SharedRules& rules, RoomTable& rooms, Snapshots& snapshots, WorkerGroup& workers);
  Publisher(const Publisher&) = delete;
  Publisher& operator=(const Publisher&) = delete;

  /// Takes one publication; returns its number. `channel` is where a wished callback is answered.
  /// Errors: PublishError. The workers are yet to be woken.
  [[nodiscard]] Result<std::uint64_t> accept(bus::Publication publication, std::string_view channel,
                                             TimePoint now);
  /// A number as clients see it: an offset.
  [[nodiscard]] std::string offset_of(std::uint64_t sequence) const;
  /// Sends what was held back until now.
  void release(TimePoint now);
  /// Sends all that is held back: this node takes no more.
  void release_all();
  /// When release() next has something to do.
  [[nodiscard]] std::optional<TimePoint> next_release() const { return pacer_.next(); }

  /// nullopt if the namespace is not served.
  [[nodiscard]] std::optional<Audience> resolve(const bus::Audience& audience) const;
  /// A room as workers know it, whether or not it exists.
  [[nodiscard]] RoomTarget target(NamespaceId namespace_id, std::string_view name) const;

  [[nodiscard]] const PublisherStats& stats() const noexcept { return stats_; }
  [[nodiscard]] std::uint64_t replaced() const noexcept { return pacer_.replaced(); }

 private:
  struct Encoded {
    std::vector<transport::SharedFrame> frames;
    transport::DeliveryTerms terms;
  };

  [[nodiscard]] std::error_code send(NamespaceId namespace_id, bus::Publication publication,
                                     const EventRule& rule, std::string_view channel);
  [[nodiscard]] Result<Encoded> encode(const bus::Publication& publication, const EventRule& rule,
                                       std::uint64_t audience_key,
                                       std::optional<std::uint64_t> ack_id);
  [[nodiscard]] std::error_code send_to_room(NamespaceId namespace_id,
                                             const bus::Publication& publication,
                                             const EventRule& rule);
  [[nodiscard]] std::error_code send_to_audience(NamespaceId namespace_id,
                                                 bus::Publication publication,
                                                 const EventRule& rule, std::string_view channel);
  void send_held(bus::Publication&& publication);
  void remember(const bus::Publication& publication, NamespaceId namespace_id,
                const EventRule& rule, const std::vector<transport::SharedFrame>& frames);
  [[nodiscard]] WorkerSet workers_for(const Audience& audience) const;

  const SharedRules& rules_;
  RoomTable& rooms_;
  Snapshots& snapshots_;
  WorkerGroup& workers_;
  const EventRules events_;
  EventPacer pacer_;
  PublisherStats stats_;
  std::string packet_;          // the text being encoded: its memory is kept
  const std::string epoch_;     // of this process: offsets of two runs can't be mistaken
  std::uint64_t sequence_ = 0;  // of accepted publications
  std::uint64_t next_ack_id_ = 0;
};

}  // namespace outcry::gateway
