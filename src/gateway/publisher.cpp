#include "gateway/publisher.h"

#include <bit>

#include <fmt/format.h>

#include "base/random.h"
#include "gateway/event_encoder.h"
#include "gateway/operations.h"

namespace outcry::gateway {
namespace {

constexpr std::size_t kPacedKeysMax = 1'000'000;
constexpr std::size_t kEpochBytes = 6;

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
                     WorkerGroup& workers)
    : rules_(rules),
      rooms_(rooms),
      snapshots_(snapshots),
      workers_(workers),
      events_(rules.config.events),
      pacer_(rules.config.events.latest_interval, kPacedKeysMax),
      epoch_(random_id(kEpochBytes)) {}

Result<std::uint64_t> Publisher::accept(bus::Publication publication, std::string_view channel,
                                        TimePoint now) {
  const auto refused = [this](std::error_code error) {
    ++stats_.publications_refused;
    return fail(error);
  };
  const auto namespace_id = rules_.namespace_id(publication.audience.namespace_name);
  if (!namespace_id) return refused(PublishError::unknown_namespace);
  const EventRule& rule = events_.of(publication.event);
  bool goes_now = true;
  const bool is_latest = rule.delivery_class == transport::DeliveryClass::latest;
  if (pacer_.active() && is_latest && !publication.callback) {
    const std::uint64_t audience = audience_key_of(*namespace_id, publication.audience);
    const std::uint64_t key =
        conflation_key(rule, audience, publication.event, publication.arguments);
    goes_now = pacer_.admit(key, publication, now);
  }
  if (goes_now) {
    if (const auto error = send(*namespace_id, std::move(publication), rule, channel)) {
      return refused(error);
    }
  }
  ++stats_.publications;
  return ++sequence_;
}

std::string Publisher::offset_of(std::uint64_t sequence) const {
  return fmt::format("{}.{}", epoch_, sequence);
}

void Publisher::release(TimePoint now) {
  pacer_.release(now, [this](bus::Publication&& held) { send_held(std::move(held)); });
}

void Publisher::release_all() {
  pacer_.release_all([this](bus::Publication&& held) { send_held(std::move(held)); });
}

// It was accepted: where it can't be taken any more (too big, or workers overloaded) a newer value
// follows, and the refusal is counted.
void Publisher::send_held(bus::Publication&& publication) {
  const EventRule& rule = events_.of(publication.event);
  const auto namespace_id = rules_.namespace_id(publication.audience.namespace_name);
  if (send(*namespace_id, std::move(publication), rule, {})) ++stats_.publications_refused;
}

std::error_code Publisher::send(NamespaceId namespace_id, bus::Publication publication,
                                const EventRule& rule, std::string_view channel) {
  if (is_one_room(publication)) return send_to_room(namespace_id, publication, rule);
  return send_to_audience(namespace_id, std::move(publication), rule, channel);
}

Result<Publisher::Encoded> Publisher::encode(const bus::Publication& publication,
                                             const EventRule& rule, std::uint64_t audience_key,
                                             std::optional<std::uint64_t> ack_id) {
  Encoded out;
  if (publication.is_volatile) {
    out.terms.delivery_class = transport::DeliveryClass::volatile_;
  } else {
    out.terms.delivery_class = rule.delivery_class;
  }
  if (out.terms.delivery_class == transport::DeliveryClass::latest) {
    out.terms.key = conflation_key(rule, audience_key, publication.event, publication.arguments);
  }
  encode_event(publication, rule.aliases, ack_id, packet_, out.frames);
  std::size_t bytes = 0;  // under all its names: a client gets them one after the other
  for (const transport::SharedFrame& frame : out.frames) bytes += frame->wire().size();
  if (bytes > rules_.config.engine.outbox_bytes_max) return fail(PublishError::too_big);
  return out;
}

std::error_code Publisher::send_to_room(NamespaceId namespace_id,
                                        const bus::Publication& publication,
                                        const EventRule& rule) {
  const std::string& name = publication.audience.rooms.front();
  RoomRecord* record = rule.snapshot && snapshots_.keeps_any()
                           ? &rooms_.find_or_make(namespace_id, name)
                           : rooms_.find(namespace_id, name);
  const rooms::RoomNumber number = record == nullptr ? 0 : record->room->number();
  const WorkerSet targets = record == nullptr ? 0 : record->present;
  auto encoded = encode(publication, rule, number, std::nullopt);
  // Before any of them has it: a publisher that tries again must not be heard twice.
  const bool room = workers_.has_room(targets);
  if (!encoded || !room) {
    if (record != nullptr) rooms_.release(*record);
    return encoded ? make_error_code(PublishError::overloaded) : encoded.error();
  }
  if (rule.snapshot && record != nullptr) {
    snapshots_.store(*record, publication.event, encoded->frames);  // may end the room
  }
  if (targets == 0) ++stats_.publications_unheard;
  for (WorkerSet left = targets; left != 0; left &= left - 1) {
    const auto worker = static_cast<WorkerId>(std::countr_zero(left));
    transport::DeliveryTerms terms = encoded->terms;
    for (const transport::SharedFrame& frame : encoded->frames) {
      workers_.post(worker, RoomDelivery{.room = number, .frame = frame, .terms = terms});
      terms = terms.of_next_name();
    }
  }
  return {};
}

std::error_code Publisher::send_to_audience(NamespaceId namespace_id, bus::Publication publication,
                                            const EventRule& rule, std::string_view channel) {
  auto audience = resolve(publication.audience);
  const auto ack_id = publication.callback ? std::optional(next_ack_id_++) : std::nullopt;
  auto encoded =
      encode(publication, rule, audience_key_of(namespace_id, publication.audience), ack_id);
  if (!encoded) return encoded.error();
  const WorkerSet targets = workers_for(*audience);
  if (!workers_.has_room(targets)) return PublishError::overloaded;
  remember(publication, namespace_id, rule, encoded->frames);
  if (targets == 0) ++stats_.publications_unheard;

  auto delivery = std::make_shared<Delivery>();
  delivery->audience = std::move(*audience);
  delivery->frames = std::move(encoded->frames);
  delivery->terms = encoded->terms;
  if (ack_id) {
    delivery->ack = AckWish{.ack_id = *ack_id,
                            .callback = std::move(*publication.callback),
                            .channel = std::string(channel)};
  }
  for (WorkerSet left = targets; left != 0; left &= left - 1) {
    const auto worker = static_cast<WorkerId>(std::countr_zero(left));
    workers_.post(worker, std::shared_ptr<const Delivery>(delivery));
  }
  return {};
}

void Publisher::remember(const bus::Publication& publication, NamespaceId namespace_id,
                         const EventRule& rule, const std::vector<transport::SharedFrame>& frames) {
  const bool kept = rule.snapshot && snapshots_.keeps_any() && !publication.callback &&
                    !publication.audience.everyone;
  if (!kept) return;
  for (const std::string& room : publication.audience.rooms) {
    snapshots_.store(rooms_.find_or_make(namespace_id, room), publication.event, frames);
  }
}

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
