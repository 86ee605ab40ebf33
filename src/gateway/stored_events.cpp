#include "gateway/stored_events.h"

#include <utility>

#include "protocol/socketio/packet.h"

namespace outcry::gateway {
namespace {

// What we have written ourselves: publishers' limits were applied when it was published.
constexpr socketio::PacketLimits kLimits{
    .attachments_max = 1'000'000, .attachment_bytes_max = SIZE_MAX, .json_depth_max = 1'000};

}  // namespace

eventlog::StoredEvent stored_event(const bus::Publication& publication, std::uint64_t number,
                                   std::uint8_t retention, WallTime now) {
  return {.number = number,
          .at = now,
          .retention = retention,
          .namespace_name = publication.audience.namespace_name,
          .everyone = publication.audience.everyone,
          .rooms = publication.audience.rooms,
          .except = publication.audience.except,
          .event = publication.event,
          .arguments = publication.arguments,
          .attachments = publication.attachments,
          .id = publication.id};
}

bus::Publication publication_of(eventlog::StoredEvent&& stored) {
  return {.audience = {.namespace_name = std::move(stored.namespace_name),
                       .everyone = stored.everyone,
                       .rooms = std::move(stored.rooms),
                       .except = std::move(stored.except)},
          .event = std::move(stored.event),
          .arguments = std::move(stored.arguments),
          .attachments = std::move(stored.attachments),
          .callback = std::nullopt,
          .id = std::move(stored.id)};
}

eventlog::StoredValue stored_value(const RoomRecord& room, const RoomSnapshot::Value& value,
                                   const config::Strings& namespaces, WallTime now) {
  const transport::SharedFrame plain = value.frames.own->has_trailer()
                                           ? make_frame_without_trailer(*value.frames.own)
                                           : value.frames.own;
  return {.namespace_name = namespaces[room.room->namespace_id()],
          .room = std::string(room.room->name()),
          .event = value.event,
          .key = value.key,
          .at = now,
          .packet = std::string(plain->text()),
          .attachments = plain->attachments()};
}

std::optional<bus::Publication> publication_of(eventlog::StoredValue&& stored) {
  const std::string_view text = stored.packet;
  if (!text.starts_with('4')) return std::nullopt;
  const auto packet = socketio::decode_packet(text.substr(1), kLimits);
  if (!packet || !packet->is_event()) return std::nullopt;
  return bus::Publication{.audience = {.namespace_name = std::move(stored.namespace_name),
                                       .rooms = {std::move(stored.room)}},
                          .event = std::move(stored.event),
                          .arguments = std::string(socketio::event_arguments(*packet)),
                          .attachments = std::move(stored.attachments),
                          .callback = std::nullopt};
}

}  // namespace outcry::gateway
