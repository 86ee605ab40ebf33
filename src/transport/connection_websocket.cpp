// The WebSocket half of a Connection: frames in and out.
#include <utility>

#include "protocol/websocket/error.h"
#include "protocol/websocket/frame.h"
#include "transport/connection.h"
#include "transport/endpoint.h"

namespace outcry::transport {
namespace {

constexpr std::size_t kPongBytesMax = 4096;

}  // namespace

void Connection::switch_to_websocket(std::string_view response, int deflate_bits,
                                     std::uint32_t message_bytes_max) {
  out_.writable() += response;
  mode_ = Mode::websocket;
  answering_ = false;
  deflate_bits_ = static_cast<std::uint8_t>(deflate_bits);
  peer_address_ = peer_address();  // no other client's request comes on this connection any more
  incoming_.reset();
  Timer::cancel();
  reader_ = websocket::MessageReader(websocket::ReaderLimits{.message_bytes_max = message_bytes_max,
                                                             .deflate = deflate_bits != 0});
  endpoint_.flush_later(*this);
}

void Connection::take_websocket(std::span<std::byte> in) {
  if (EngineSession* session = endpoint_.find(session_)) session->charge_bytes(in.size());
  while (mode_ == Mode::websocket) {
    const auto event = reader_.next(in, endpoint_.inflater());
    if (!event) {
      ++endpoint_.counters().websocket_errors;
      const std::uint16_t code = websocket::close_code_for(event.error());
      return end_websocket(code, {}, CloseReason::transport_error);
    }
    if (event->kind == websocket::EventKind::need_more) return;
    take_event(*event);
  }
}

void Connection::take_event(const websocket::Event& event) {
  EngineSession* session = endpoint_.find(session_);
  switch (event.kind) {
    case websocket::EventKind::text:
    case websocket::EventKind::binary: {
      const bool is_text = event.kind == websocket::EventKind::text;
      if (role_ == Role::raw) {
        endpoint_.application().on_raw_message(*this, event.payload, is_text);
      } else if (session != nullptr && is_text) {
        session->take_text(*this, event.text());
      } else if (session != nullptr) {
        session->take_binary(*this, event.payload);
      }
      return;
    }
    case websocket::EventKind::ping:
      if (session != nullptr) session->charge_packet();
      return take_ping(event.text());
    case websocket::EventKind::close:
      return end_websocket(event.close_code, {}, CloseReason::transport_close);
    default:
      if (session != nullptr) session->charge_packet();
      return;  // an unasked pong means nothing
  }
}

// Of many pings the latest alone must be answered (RFC 6455 §5.5.3), so a peer that only asks, and
// never reads, can't make us hold more than this.
void Connection::take_ping(std::string_view payload) {
  if (mode_ != Mode::websocket) return;
  std::string pong;
  websocket::append_frame(pong, websocket::Opcode::pong, payload);
  if (write_blocked_ || pong_bytes_ >= kPongBytesMax) {
    owed_pong_ = std::move(pong);
    return endpoint_.flush_later(*this);
  }
  pong_bytes_ += static_cast<std::uint32_t>(pong.size());
  send_pong(pong);
}

void Connection::send_pong(const std::string& pong) {
  EngineSession* session = endpoint_.find(session_);
  if (role_ == Role::websocket && session != nullptr) {
    // Behind a frame that is partly written, so never ahead of the outbox.
    session->send(make_control_frame(pong));
  } else {
    send_framed(pong);
  }
}

void Connection::set_message_bytes_max(std::uint32_t bytes) noexcept {
  reader_.set_message_bytes_max(bytes);
}

void Connection::end_websocket(std::uint16_t code, std::string_view reason, CloseReason why) {
  EngineSession* session = endpoint_.find(session_);
  close(code, reason);
  if (session != nullptr) session->connection_lost(*this, why);
}

}  // namespace outcry::transport
