#include "gateway/event_mark.h"

#include "gateway/event_encoder.h"
#include "protocol/socketio/packet.h"

namespace outcry::gateway {

std::unique_ptr<EventMark> make_event_mark(std::uint64_t number, std::string_view namespace_name,
                                           std::string_view position_event) {
  auto mark = std::make_unique<EventMark>();
  mark->number = number;
  mark->ack_id = ack_id_of_event(number);
  std::string packet = "4";
  socketio::append_event(packet, {.namespace_name = namespace_name, .event = position_event});
  const std::size_t trailer = append_position(packet, {});
  mark->position = transport::make_frame(packet, {}, trailer);
  return mark;
}

}  // namespace outcry::gateway
