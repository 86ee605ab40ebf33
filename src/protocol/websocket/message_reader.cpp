#include "protocol/websocket/message_reader.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "protocol/websocket/deflate.h"

namespace outcry::websocket {
namespace {

/// Up to here a torn frame's memory is reserved by its announced length; beyond, it follows what
/// arrives, so that announcing costs a peer as much as sending.
constexpr std::uint32_t kReserveBytesMax = 4096;

}  // namespace

static_assert(sizeof(MessageReader) <= 40);

MessageReader::MessageReader(const ReaderLimits& limits) noexcept
    : message_bytes_max_(limits.message_bytes_max),
      fragments_max_(limits.fragments_max),
      deflate_(limits.deflate) {}

MessageReader::MessageReader(MessageReader&&) noexcept = default;

MessageReader& MessageReader::operator=(MessageReader&&) noexcept = default;

MessageReader::~MessageReader() = default;

Result<Event> MessageReader::next(std::span<std::byte>& in, Inflater& inflater) {
  release_lent();
  Result<Event> event = read(in, inflater);
  if (!event || event->kind == EventKind::close) ended_ = true;
  return event;
}

Result<Event> MessageReader::read(std::span<std::byte>& in, Inflater& inflater) {
  while (!ended_) {
    if (!in_frame_) {
      const Result<bool> begun = read_header(in);
      if (!begun) return fail(begun.error());
      if (!*begun) return Event{};
    }
    const std::size_t count = std::min<std::size_t>(frame_bytes_left_, in.size());
    const std::span<std::byte> piece = in.first(count);
    in = in.subspan(count);
    apply_mask(piece, mask_, frame_phase_);
    frame_phase_ = static_cast<std::uint8_t>((frame_phase_ + count) % 4);
    frame_bytes_left_ -= static_cast<std::uint32_t>(count);
    in_frame_ = frame_bytes_left_ > 0;

    const Result<Event> event =
        is_control(frame_opcode_) ? take_control(piece) : take_data(piece, inflater);
    if (!event || event->kind != EventKind::need_more || in_frame_) return event;
  }
  in = {};
  assembly_.reset();
  return Event{};
}

/// Whether a frame has begun; if not, `in` was too short and is remembered.
Result<bool> MessageReader::read_header(std::span<std::byte>& in) {
  const FrameLimits frame_limits{.message_bytes_max = message_bytes_max_, .deflate = deflate_};
  const std::size_t torn = assembly_ == nullptr ? 0 : assembly_->header.size();
  Bytes front = in;
  if (torn != 0) {
    const std::size_t added = std::min(kClientHeaderBytesMax - torn, in.size());
    front = as_bytes(assembly_->header.append(as_text(in.first(added))));
  }
  const auto header = decode_frame_header(front, frame_limits);
  if (!header) return fail(header.error());
  if (!*header) {
    // Shorter than the longest header, so all of it is there.
    if (torn == 0 && !in.empty()) assembly().header = as_text(in);
    in = {};
    return false;
  }
  in = in.subspan((*header)->header_bytes - torn);
  if (torn != 0) {
    assembly_->header.clear();
    release_unneeded();
  }
  if (const Result<void> begun = begin_frame(**header); !begun) return fail(begun.error());
  return true;
}

Result<void> MessageReader::begin_frame(const FrameHeader& header) {
  if (!is_control(header.opcode)) {
    const bool continues = header.opcode == Opcode::continuation;
    if (continues && fragments_ == 0) return fail(WebSocketError::unexpected_continuation);
    if (!continues && fragments_ != 0) return fail(WebSocketError::expected_continuation);
    if (fragments_ >= fragments_max_) return fail(WebSocketError::too_many_fragments);
    const std::uint64_t held = assembly_ == nullptr ? 0 : assembly_->message.size();
    if (header.payload_bytes + held > message_bytes_max_) {
      return fail(WebSocketError::message_too_big);
    }
    ++fragments_;
    if (!continues) {
      message_opcode_ = header.opcode;
      compressed_ = header.compressed;
      utf8_ = {};
    }
  }
  frame_opcode_ = header.opcode;
  frame_final_ = header.final;
  frame_bytes_left_ = static_cast<std::uint32_t>(header.payload_bytes);  // within the limit
  frame_phase_ = 0;
  mask_ = header.mask;
  in_frame_ = true;
  return {};
}

Result<Event> MessageReader::take_data(Bytes piece, Inflater& inflater) {
  const bool message_ends = frame_final_ && !in_frame_;
  const bool is_whole = message_ends && fragments_ == 1 && assembly_ == nullptr;
  if (is_whole) {
    fragments_ = 0;
    const bool is_text = message_opcode_ == Opcode::text && !compressed_;
    if (is_text && !utf8_valid(as_text(piece))) return fail(WebSocketError::invalid_utf8);
    return finish_message(piece, inflater);
  }
  if (message_opcode_ == Opcode::text && !compressed_) {
    if (!utf8_.feed(as_text(piece))) return fail(WebSocketError::invalid_utf8);
    if (message_ends && !utf8_.complete()) return fail(WebSocketError::invalid_utf8);
  }
  if (!piece.empty() || message_ends) {
    std::string& message = assembly().message;
    if (message.empty()) {
      message.reserve(piece.size() + std::min(frame_bytes_left_, kReserveBytesMax));
    }
    message.append(as_text(piece));
  }
  if (!message_ends) return Event{};
  fragments_ = 0;
  lent_ = Held::message;
  return finish_message(as_bytes(assembly_->message), inflater);
}

Result<Event> MessageReader::finish_message(Bytes payload, Inflater& inflater) {
  const bool is_text = message_opcode_ == Opcode::text;
  if (compressed_) {
    const Result<Bytes> inflated = inflater.inflate(payload, message_bytes_max_);
    if (!inflated) return fail(inflated.error());
    payload = *inflated;
    if (is_text && !utf8_valid(as_text(payload))) return fail(WebSocketError::invalid_utf8);
  }
  return Event{.kind = is_text ? EventKind::text : EventKind::binary, .payload = payload};
}

Result<Event> MessageReader::take_control(Bytes piece) {
  const bool is_torn = assembly_ != nullptr && !assembly_->control.empty();
  if (in_frame_ || is_torn) assembly().control.append(as_text(piece));
  if (in_frame_) return Event{};
  if (is_torn) {
    lent_ = Held::control;
    piece = as_bytes(assembly_->control);
  }
  if (frame_opcode_ == Opcode::close) return finish_close(piece);
  const bool is_ping = frame_opcode_ == Opcode::ping;
  return Event{.kind = is_ping ? EventKind::ping : EventKind::pong, .payload = piece};
}

Result<Event> MessageReader::finish_close(Bytes payload) {
  if (payload.empty()) return Event{.kind = EventKind::close};
  if (payload.size() == 1) return fail(WebSocketError::close_payload_one_byte);
  const auto code = static_cast<std::uint16_t>(std::to_integer<unsigned>(payload[0]) << 8 |
                                               std::to_integer<unsigned>(payload[1]));
  if (!is_sendable_close_code(code)) return fail(WebSocketError::invalid_close_code);
  const Bytes reason = payload.subspan(2);
  if (!utf8_valid(as_text(reason))) return fail(WebSocketError::invalid_close_reason);
  return Event{.kind = EventKind::close, .payload = reason, .close_code = code};
}

MessageReader::Assembly& MessageReader::assembly() {
  if (assembly_ == nullptr) assembly_ = std::make_unique<Assembly>();
  return *assembly_;
}

/// Frees what the last event viewed, and the whole Assembly between messages.
void MessageReader::release_lent() noexcept {
  if (lent_ == Held::control) assembly_->control.clear();
  if (lent_ == Held::message) assembly_->message = std::string();
  if (lent_ != Held::nothing) release_unneeded();
  lent_ = Held::nothing;
}

void MessageReader::release_unneeded() noexcept {
  if (fragments_ == 0 && !in_frame_) assembly_.reset();
}

std::size_t MessageReader::buffered_bytes() const noexcept {
  if (assembly_ == nullptr) return 0;
  return sizeof(Assembly) + assembly_->message.capacity() + assembly_->control.capacity();
}

}  // namespace outcry::websocket
