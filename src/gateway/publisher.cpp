#include "gateway/publisher.h"

#include <algorithm>
#include <bit>
#include <utility>

#include <fmt/format.h>

#include "gateway/operations.h"
#include "gateway/socket_id.h"
#include "gateway/stored_events.h"
#include "protocol/socketio/packet.h"
#include "rooms/hub.h"

namespace outcry::gateway {
namespace {

constexpr std::size_t kPacedKeysMax = 1'000'000;

/// The audience without its event: what events must share to supersede each other.
std::uint64_t audience_key_of(NamespaceId namespace_id, const bus::Audience& audience) {
  std::uint64_t key = namespace_id;
  for (const std::string& room : audience.rooms) {
    key = std::rotl(key, 23) ^ std::hash<std::string>{}(room);
  }
  for (const std::string& room : audience.except) {
    key = std::rotl(key, 41) ^ ~std::hash<std::string>{}(room);
  }
  return key;
}

/// One room and nobody excepted; not one that may be a socket's own, which is on any worker.
bool is_one_room(const bus::Publication& publication) {
  const bus::Audience& audience = publication.audience;
  return !audience.everyone && audience.rooms.size() == 1 && audience.except.empty() &&
         audience.rooms.front().size() != kSocketIdLength && !publication.callback;
}

}  // namespace

Publisher::Publisher(const SharedRules& rules, RoomTable& rooms, Snapshots& snapshots,
                     EventHistory& history, WorkerPosts& workers, eventlog::LogSink* log)
    : rules_(rules),
      rooms_(rooms),
      snapshots_(snapshots),
      history_(history),
      workers_(workers),
      log_(log),
      events_(rules.config.events, rules.config.eventlog),
      with_positions_(rules.config.recovery.enabled),
      pacer_(rules.config.events.latest_interval, kPacedKeysMax),
      last_number_(history.position().durable) {}

// ---- Accepting ----

void Publisher::accept(bus::Publication publication, std::string_view channel, TimePoint now,
                       Accepted done) {
  const auto refused = [&](std::error_code error) {
    ++stats_.publications_refused;
    if (done) done(fail(error));
  };
  const auto namespace_id = rules_.namespace_id(publication.audience.namespace_name);
  if (!namespace_id) return refused(PublishError::unknown_namespace);
  // The stock client takes such an event for a broken packet, and its connection with it.
  if (socketio::is_reserved_event(publication.event)) return refused(PublishError::reserved_name);
  const EventRule& rule = events_.of(publication.event);
  const bool is_latest = rule.delivery_class == transport::DeliveryClass::latest;
  if (pacer_.active() && is_latest && !publication.callback) {
    const std::uint64_t audience = audience_key_of(*namespace_id, publication.audience);
    const std::uint64_t key =
        conflation_key(rule, audience, publication.event, publication.arguments);
    if (!pacer_.admit(key, publication, now)) {
      ++stats_.publications;
      if (done) done(history_.position());
      return;
    }
  }
  auto event = prepare(*namespace_id, std::move(publication), rule, channel);
  if (!event) return refused(event.error());
  // Refused, it can be published again; on its way without an answer, nobody knows.
  const bool first = rule.durability == Durability::before_delivery && event->counts();
  if (first && log_failing_ && done) return refused(PublishError::unavailable);
  if (const auto error = write(*event)) return refused(error);
  event->done = std::move(done);
  ++stats_.publications;
  send(*std::move(event), now);
}

Publisher::Event Publisher::encode(NamespaceId namespace_id, bus::Publication publication,
                                   const EventRule& rule, std::string_view channel,
                                   std::uint64_t number) {
  Event event{.namespace_id = namespace_id, .publication = std::move(publication), .rule = &rule};
  bus::Publication& of = event.publication;
  event.terms.delivery_class =
      of.is_volatile ? transport::DeliveryClass::volatile_ : rule.delivery_class;
  if (event.terms.delivery_class == transport::DeliveryClass::latest || rule.snapshot) {
    event.terms.key =
        conflation_key(rule, audience_key_of(namespace_id, of.audience), of.event, of.arguments);
  }
  if (of.callback) {
    event.ack = AckWish{.ack_id = ack_id_of_callback(next_ack_id_++),
                        .callback = std::move(*of.callback),
                        .channel = std::string(channel)};
  }
  auto mark = mark_for(event, number);
  EncodeOptions options{.with_position = with_positions_ && !event.ack};
  if (event.ack) options.ack_id = event.ack->ack_id;
  if (mark) options.ack_id = mark->ack_id;
  event.frames = encode_event(of, rule.aliases, options, packet_);
  if (mark) {
    event.mark = mark.get();
    transport::set_mark(event.frames.own, std::move(mark));
  }
  return event;
}

/// Null unless each client is to acknowledge the event. What went to everyone can't be sent again
/// at a join, nor what somebody was excepted from, for he would get it then.
std::unique_ptr<EventMark> Publisher::mark_for(const Event& event, std::uint64_t number) const {
  const bus::Audience& audience = event.publication.audience;
  const bool wanted = event.rule->acknowledge && number != 0 && event.counts() &&
                      event.terms.delivery_class == transport::DeliveryClass::must &&
                      !audience.everyone && audience.except.empty();
  if (!wanted) return nullptr;
  auto mark =
      make_event_mark(number, audience.namespace_name, rules_.config.recovery.position_event);
  mark->receipts = event.rule->receipts;
  return mark;
}

/// In both counts an event has as many numbers as names.
std::uint64_t Publisher::next_number(const EventRule& rule) const noexcept {
  return last_number_ + 1 + rule.aliases.size();
}

/// Everything that can be refused is refused here.
Result<Publisher::Event> Publisher::prepare(NamespaceId namespace_id, bus::Publication publication,
                                            const EventRule& rule, std::string_view channel) {
  const bool writable = log_ != nullptr && !log_failing_;
  Event event =
      encode(namespace_id, std::move(publication), rule, channel, writable ? next_number(rule) : 0);
  // A client gets it under all its names, one after the other.
  if (event.frames.bytes() > rules_.config.engine.outbox_bytes_max) {
    return fail(PublishError::too_big);
  }
  // Before any of them has it: a publisher that tries again must not be heard twice.
  if (!workers_.has_room(workers_.all())) return fail(PublishError::overloaded);
  return event;
}

std::error_code Publisher::write(Event& event) {
  const bool written = log_ != nullptr && !log_failing_ && event.counts() &&
                       event.terms.delivery_class == transport::DeliveryClass::must &&
                       event.rule->durability != Durability::no;
  if (!written) return {};
  const std::uint64_t number = next_number(*event.rule);
  const config::Strings& rooms = event.publication.audience.rooms;
  const std::uint8_t retention = rooms.empty() ? 0 : history_.retention().rule_of(rooms.front());
  if (!log_->add(stored_event(event.publication, number, retention, wall_now()))) {
    return PublishError::overloaded;
  }
  last_number_ = number;
  event.durable = number;
  to_commit_ = to_commit_ || event.rule->durability == Durability::before_delivery;
  return {};
}

void Publisher::send(Event event, TimePoint now) {
  if (must_wait(event)) return hold(std::move(event));
  release(std::move(event), now);
}

void Publisher::commit() {
  if (std::exchange(to_commit_, false)) log_->commit();
}

void Publisher::save_values(WallTime now) {
  if (log_ == nullptr || !snapshots_.has_unsaved()) return;
  snapshots_.save([&](const RoomRecord& room, const RoomSnapshot::Value& value) {
    if (events_.of(value.event).durability == Durability::no) return;
    // One that isn't taken is saved when it changes next.
    (void)log_->add(stored_value(room, value, rules_.config.socketio.namespaces, now));
  });
}

// ---- Paced ----

void Publisher::release_paced(TimePoint now) {
  pacer_.release(now, [&](bus::Publication&& held) { send_paced(std::move(held), now); });
}

void Publisher::release_all_paced(TimePoint now) {
  pacer_.release_all([&](bus::Publication&& held) { send_paced(std::move(held), now); });
}

// It was accepted: where it can't be taken any more (too big, or workers overloaded) a newer value
// follows, and the refusal is counted.
void Publisher::send_paced(bus::Publication&& publication, TimePoint now) {
  const EventRule& rule = events_.of(publication.event);
  const auto namespace_id = rules_.namespace_id(publication.audience.namespace_name);
  auto event = prepare(*namespace_id, std::move(publication), rule, {});
  if (!event) {
    ++stats_.publications_refused;
    return;
  }
  send(*std::move(event), now);
}

// ---- Release ----

void Publisher::release(Event event, TimePoint now) {
  if (event.action) return event.action();
  const eventlog::Position before = history_.position();
  const eventlog::Position position =
      event.counts() ? history_.release(event.durable, event.frames.names()) : before;
  if (with_positions_ && !event.ack) set_positions(event.frames, before, position);
  if (event.mark != nullptr) {
    event.mark->life = position.life;
    event.mark->released = position.released;
  }
  if (event.counts()) remember(event, now);
  if (on_release) {
    on_release(event.publication, event.counts() ? to_string(position) : std::string(),
               event.terms.delivery_class);
  }
  deliver(event);
  if (event.done) event.done(position);
}

void Publisher::remember(const Event& event, TimePoint now) {
  const bool is_latest = event.terms.delivery_class == transport::DeliveryClass::latest;
  const bool keeps_value =
      event.rule->snapshot && snapshots_.keeps_any() && !event.publication.audience.everyone;
  const ValueName name{
      .key = event.terms.key, .event = event.publication.event, .latest = is_latest};
  const config::Strings& except = event.publication.audience.except;
  const PastEvent past{
      .frames = event.frames,
      .except = except.empty() ? nullptr : std::make_shared<const config::Strings>(except)};
  for_each_room(event, [&](RoomRecord& room) {
    ++room.waiting;  // neither may end it under the other's hands
    if (event.mark != nullptr) event.mark->rooms.push_back(room.room);
    if (!is_latest && with_positions_) {
      history_.add(room, past, now);
      (void)history_.trim_beside(room, now);
    }
    if (keeps_value) snapshots_.store(room, name, event.frames, history_.position().released);
    --room.waiting;
    rooms_.release(room);
  });
}

void Publisher::deliver(Event& event) {
  // A key is the event's for its value as well; in an outbox only `latest` ones supersede.
  if (event.terms.delivery_class != transport::DeliveryClass::latest) event.terms.key = 0;
  if (is_one_room(event.publication)) {
    RoomRecord* room = rooms_.find(event.namespace_id, event.publication.audience.rooms.front());
    if (room != nullptr && room->present != 0) return deliver_to_room(event, *room);
    ++stats_.publications_unheard;
    return;
  }
  auto delivery = std::make_shared<Delivery>();
  delivery->audience = *resolve(event.publication.audience);
  delivery->frames = event.frames;
  delivery->terms = event.terms;
  delivery->ack = std::move(event.ack);
  const WorkerSet targets = workers_for(delivery->audience);
  if (targets == 0) ++stats_.publications_unheard;
  for (WorkerSet left = targets; left != 0; left &= left - 1) {
    workers_.post(static_cast<WorkerId>(std::countr_zero(left)),
                  std::shared_ptr<const Delivery>(delivery));
  }
}

void Publisher::deliver_to_room(const Event& event, RoomRecord& room) {
  transport::DeliveryTerms terms = event.terms;
  event.frames.for_each([&](const transport::SharedFrame& frame) {
    room.sequence = rooms::Hub::next_sequence(room.sequence);
    for (WorkerSet left = room.present; left != 0; left &= left - 1) {
      workers_.post(static_cast<WorkerId>(std::countr_zero(left)),
                    RoomDelivery{.room = room.room->number(),
                                 .sequence = room.sequence,
                                 .frame = frame,
                                 .terms = terms});
    }
    terms = terms.of_next_name();
  });
}

// ---- Audiences ----

RoomTarget Publisher::target(NamespaceId namespace_id, std::string_view name) const {
  RoomTarget out;
  if (const RoomRecord* record = rooms_.find(namespace_id, name)) out.room = record->room;
  if (name.size() == kSocketIdLength) out.socket_id = name;
  return out;
}

std::optional<Audience> Publisher::resolve(const bus::Audience& audience) const {
  const auto id = rules_.namespace_id(audience.namespace_name);
  if (!id) return std::nullopt;
  Audience out{.namespace_id = *id, .everyone = audience.everyone};
  for (const std::string& room : audience.rooms) out.rooms.push_back(target(*id, room));
  for (const std::string& room : audience.except) out.except.push_back(target(*id, room));
  return out;
}

WorkerSet Publisher::workers_for(const Audience& audience) const {
  if (audience.everyone) return workers_.all();
  WorkerSet out = 0;
  for (const RoomTarget& target : audience.rooms) {
    // A socket's own room is on whatever worker the socket is.
    if (!target.socket_id.empty()) return workers_.all();
    const RoomRecord* record = target.room ? rooms_.find(*target.room) : nullptr;
    if (record != nullptr) out |= record->present;
  }
  return out;
}

}  // namespace outcry::gateway
