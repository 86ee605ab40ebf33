#include "protocol/socketio/packet_reader.h"

#include "base/json_text.h"

namespace outcry::socketio {
namespace {

bool placeholder_in_range(std::string_view object, std::size_t count, bool& is_placeholder) {
  const auto mark = json::member(object, "_placeholder");
  is_placeholder = mark && *mark == "true";
  if (!is_placeholder) return true;
  const auto num = json::member(object, "num");
  const auto value = num ? json::integer(*num) : std::nullopt;
  return value && *value >= 0 && static_cast<std::size_t>(*value) < count;
}

// Depth is bounded by what decode_packet accepted.
bool placeholders_valid(std::string_view value, std::size_t count) {
  switch (json::kind_of(value)) {
    case json::Kind::array: {
      json::ArrayReader elements(value);
      while (const auto element = elements.next()) {
        if (!placeholders_valid(*element, count)) return false;
      }
      return true;
    }
    case json::Kind::object: {
      bool is_placeholder = false;
      if (!placeholder_in_range(value, count, is_placeholder)) return false;
      if (is_placeholder) return true;
      json::ObjectReader members(value);
      while (const auto member = members.next()) {
        if (!placeholders_valid(member->value, count)) return false;
      }
      return true;
    }
    default:
      return true;
  }
}

}  // namespace

Result<std::optional<Packet>> PacketReader::text(std::string_view text,
                                                 const PacketLimits& limits) {
  if (awaiting_ && awaiting_->complete) awaiting_.reset();
  if (awaiting_) return fail(PacketError::attachment_expected);
  auto packet = decode_packet(text, limits);
  if (!packet) return fail(packet.error());
  if (packet->attachment_count == 0) return *packet;
  if (!placeholders_valid(packet->data, packet->attachment_count)) {
    return fail(PacketError::bad_placeholder);
  }
  awaiting_ = std::make_unique<Awaiting>();
  awaiting_->text = text;
  // Decoded again, so that the views point into the copy; it can't fail a second time.
  awaiting_->packet = *decode_packet(awaiting_->text, limits);
  return std::nullopt;
}

Result<std::optional<Packet>> PacketReader::binary(Bytes attachment, const PacketLimits& limits) {
  if (!awaiting_ || awaiting_->complete) return fail(PacketError::attachment_unexpected);
  awaiting_->bytes += attachment.size();
  if (awaiting_->bytes > limits.attachment_bytes_max) {
    return fail(PacketError::attachments_too_big);
  }
  awaiting_->attachments.emplace_back(as_text(attachment));
  if (awaiting_->attachments.size() < awaiting_->packet.attachment_count) return std::nullopt;
  awaiting_->complete = true;
  awaiting_->packet.attachments = awaiting_->attachments;
  return awaiting_->packet;
}

}  // namespace outcry::socketio
