// The way out of an EngineSession: into the outbox, and from there to whatever fetches.
#include <algorithm>
#include <limits>

#include "transport/endpoint.h"
#include "transport/engine_session.h"

namespace outcry::transport {

Sent EngineSession::send(const FrameRef& frame) {
  if (state_ != State::open) return Sent::dropped;
  if (!takes_trailers_ && frame->has_trailer()) return send(frame.without_trailer());
  if (frame.terms().delivery_class == DeliveryClass::volatile_) {
    const Connection* carrier = endpoint_.find(is_websocket() ? websocket_ : poll_);
    if (carrier == nullptr || carrier->blocked()) {
      ++endpoint_.counters().volatile_dropped;
      return Sent::dropped;
    }
  }
  if (base64_ && is_websocket() && frame->has_binary()) {
    queue(endpoint_.share(make_base64_frame(*frame), frame.terms()));
  } else {
    queue(frame);
  }
  if (outbox_.bytes() <= endpoint_.options().outbox_bytes_max && !takes_too_much()) {
    return Sent::queued;
  }
  // Only noted: the caller may be walking a room, and ending the session changes the room.
  close(CloseReason::outbox_overflow);
  return Sent::over_limit;
}

Sent EngineSession::send(SharedFrame frame) {
  return send(endpoint_.share(std::move(frame)));
}

Sent EngineSession::send_without_trailer(SharedFrame frame) {
  return send(endpoint_.share(std::move(frame)).without_trailer());
}

void EngineSession::queue(const FrameRef& frame) {
  ++endpoint_.counters().frames_sent;
  heard_ = true;
  if (!behind_) {
    outbox_.push(frame);  // a client that keeps up gets every event
  } else if (outbox_.push(frame, endpoint_.options().conflation)) {
    ++endpoint_.counters().latest_superseded;
  }
  endpoint_.flush_later(*this);
}

// ---- The worker's budget ----

// What a tick queues and writes in one go is no burden; what stays behind is.
void EngineSession::note_backlog() {
  constexpr std::size_t kMost = std::numeric_limits<std::uint32_t>::max();
  const auto bytes = static_cast<std::uint32_t>(std::min(outbox_.bytes(), kMost));
  endpoint_.backlog().change(backlog_bytes_, bytes);
  backlog_bytes_ = bytes;
}

bool EngineSession::takes_too_much() {
  if (backlog_bytes_ == 0) return false;
  note_backlog();
  return endpoint_.backlog().over_share(backlog_bytes_, endpoint_.options().backlog_bytes_max);
}

void EngineSession::abandon_outbox(const Connection& connection, std::string& rest) {
  if (is_websocket() && connection.id() == websocket_) {
    outbox_.take_wire(rest, true, connection.wire_form());
  }
}

void EngineSession::flush() {
  if (state_ == State::closed) return;
  write();
  if (state_ == State::closed) return;
  note_backlog();
  // Over TLS what waits may already be sealed, and no longer in the outbox.
  const Connection* carrier = is_websocket() ? endpoint_.find(websocket_) : nullptr;
  behind_ = !outbox_.empty() || (carrier != nullptr && carrier->blocked());
  if (behind_ || state_ != State::open) return;
  if (!tells_drained_) return;
  tells_drained_ = false;
  endpoint_.application().on_drained(*this);
}

void EngineSession::tell_when_drained() noexcept {
  tells_drained_ = true;
  endpoint_.flush_later(*this);
}

void EngineSession::write() {
  const bool closing = state_ == State::closing;
  if (closing && closing_reason_ == CloseReason::outbox_overflow) {
    return end(closing_reason_, engineio::kClosePacket);
  }
  if (is_websocket()) {
    if (Connection* connection = endpoint_.find(websocket_)) connection->flush(&outbox_);
    if (closing && state_ != State::closed) end(closing_reason_, {});
    return;
  }
  if (!poll_.valid()) return;
  std::string payload;
  outbox_.take_payload(payload, endpoint_.options().polling_packets_max);
  if (payload.empty() && closing) return end(closing_reason_, engineio::kClosePacket);
  if (payload.empty() && probed_) payload += engineio::kNoopPacket;  // what lets the client upgrade
  // Without the close packet: the stock client hands messages on after it has looked at the whole
  // answer, and forgets those that a close has followed by then. It gets that by its next GET.
  if (!payload.empty()) answer_poll(payload);
}

}  // namespace outcry::transport
