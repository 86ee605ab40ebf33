#include "gateway/event_encoder.h"

#include "protocol/socketio/packet.h"

namespace outcry::gateway {
namespace {

transport::SharedFrame encode_as(std::string_view event, const bus::Publication& publication,
                                 std::optional<std::uint64_t> ack_id, std::string& packet) {
  packet = '4';
  socketio::append_event(packet, {.namespace_name = publication.audience.namespace_name,
                                  .event = event,
                                  .arguments = publication.arguments,
                                  .attachment_count = publication.attachments.size(),
                                  .ack_id = ack_id});
  return transport::make_frame(packet, publication.attachments);
}

}  // namespace

void encode_event(const bus::Publication& publication, const Strings& aliases,
                  std::optional<std::uint64_t> ack_id, std::string& scratch,
                  std::vector<transport::SharedFrame>& out) {
  out.push_back(encode_as(publication.event, publication, ack_id, scratch));
  for (const std::string& alias : aliases) {
    out.push_back(encode_as(alias, publication, std::nullopt, scratch));
  }
}

}  // namespace outcry::gateway
