#include "gateway/event_encoder.h"

#include <array>

#include "gateway/event_mark.h"
#include "protocol/socketio/packet.h"

namespace outcry::gateway {
namespace {

// A position as JSON, with the comma before it.
constexpr std::size_t kTrailerBytes = eventlog::kPositionLength + 3;
using Trailer = std::array<char, kTrailerBytes>;

Trailer trailer_of(const eventlog::Position& position) {
  Trailer out;
  out.front() = ',';
  out[1] = out.back() = '"';
  eventlog::write_position(std::span(out).subspan<2, eventlog::kPositionLength>(), position);
  return out;
}

/// The frame that says an event's position under one of its names: its own, or the one behind it.
const transport::SharedFrame& positioned(const transport::SharedFrame& frame) {
  const EventMark* mark = EventMark::of(*frame);
  return mark != nullptr && mark->position ? mark->position : frame;
}

transport::SharedFrame encode_as(std::string_view event, const bus::Publication& publication,
                                 const EncodeOptions& options, std::string& packet) {
  packet = '4';
  socketio::append_event(packet, {.namespace_name = publication.audience.namespace_name,
                                  .event = event,
                                  .arguments = publication.arguments,
                                  .attachment_count = publication.attachments.size(),
                                  .ack_id = options.ack_id});
  if (!options.with_position || options.ack_id)
    return transport::make_frame(packet, publication.attachments);
  packet.insert(packet.size() - 1, kTrailerBytes, ' ');
  return transport::make_frame(packet, publication.attachments, kTrailerBytes);
}

}  // namespace

std::size_t EventFrames::bytes() const {
  std::size_t sum = 0;
  for_each([&sum](const transport::SharedFrame& frame) { sum += frame->wire().size(); });
  return sum;
}

std::string_view EventFrames::position() const {
  const std::string_view trailer = positioned(aliases.empty() ? own : aliases.back())->trailer();
  return trailer.empty() ? trailer : trailer.substr(1);  // behind its comma
}

std::size_t append_position(std::string& packet, const eventlog::Position& position) {
  const Trailer trailer = trailer_of(position);
  packet.insert(packet.size() - 1, trailer.data(), trailer.size());
  return trailer.size();
}

EventFrames encode_event(const bus::Publication& publication, const config::Strings& aliases,
                         const EncodeOptions& options, std::string& scratch) {
  EventFrames out{.own = encode_as(publication.event, publication, options, scratch)};
  for (const std::string& alias : aliases) {
    out.aliases.push_back(
        encode_as(alias, publication, {.with_position = options.with_position}, scratch));
  }
  return out;
}

void set_positions(const EventFrames& frames, const eventlog::Position& before,
                   const eventlog::Position& position) {
  std::uint64_t left = frames.names();
  const auto count = [&left](std::uint64_t from, std::uint64_t to) {
    return to - std::min(to - from, left);
  };
  frames.for_each([&](const transport::SharedFrame& frame) {
    --left;
    const Trailer trailer = trailer_of({.life = position.life,
                                        .durable = count(before.durable, position.durable),
                                        .released = count(before.released, position.released)});
    transport::set_trailer(positioned(frame), {trailer.data(), trailer.size()});
  });
}

}  // namespace outcry::gateway
