#include "transport/engine_session.h"

#include <algorithm>
#include <utility>

#include "protocol/websocket/frame.h"
#include "transport/endpoint.h"

namespace outcry::transport {
namespace {

constexpr std::chrono::milliseconds kTimerLateness{50};
using engineio::kClosePacket;
using engineio::kNoopPacket;

const SharedFrame& ping_frame() {
  static const SharedFrame frame = make_frame("2");
  return frame;
}

void answer_text(Connection& connection, std::string_view content_type, std::string_view body) {
  const std::string headers = "Cache-Control: no-store\r\n" + connection.cors_headers();
  connection.answer({.content_type = content_type, .body = body, .header_lines = headers});
}

/// What a WebSocket client is told (docs/reference/codes.md). The stock client reconnects after
/// any of them; the codes are for those who look.
std::uint16_t close_code_of(CloseReason reason) {
  switch (reason) {
    case CloseReason::parse_error:
    case CloseReason::transport_error:
      return 1002;
    case CloseReason::forced_close:
      return 1008;
    case CloseReason::server_shutting_down:
      return 1012;
    case CloseReason::expired:
      return 4401;
    case CloseReason::revoked:
      return 4402;
    case CloseReason::banned:
      return 4403;
    case CloseReason::ping_timeout:
    case CloseReason::confirm_timeout:
      return 4408;
    case CloseReason::lifetime:
    case CloseReason::idle:
    case CloseReason::gap:
      return 4410;
    case CloseReason::outbox_overflow:
      return 4429;
    case CloseReason::flood:
      return 4430;
    default:
      return 1000;
  }
}

}  // namespace

EngineSession::EngineSession(EngineId id, Endpoint& endpoint, std::size_t engine_path)
    : id_(id),
      engine_path_(static_cast<std::uint8_t>(engine_path)),
      endpoint_(endpoint),
      heartbeat_at_(in(endpoint.options().ping_interval)),
      deadline_(in(endpoint.options().confirm_timeout)),
      packets_(limits::ticks_of(endpoint.loop().now())),
      bytes_(packets_),
      outbox_(endpoint.outboxes()),
      key_(engineio::SessionKey::make({.home = endpoint.home(), .slot = id.slot})) {
  arm_timer();
}

// ---- Opening ----

std::string EngineSession::open_packet(bool offers_websocket) const {
  const TransportOptions& options = endpoint_.options();
  return engineio::encode_open({.sid = key_.text(),
                                .offers_websocket = offers_websocket && options.websocket,
                                .ping_interval_ms = options.ping_interval.count(),
                                .ping_timeout_ms = options.ping_timeout.count(),
                                .max_payload_bytes = options.message_bytes_max});
}

void EngineSession::open_polling(Connection& connection) {
  answer_text(connection, "text/plain; charset=UTF-8", open_packet(true));
}

void EngineSession::open_websocket(Connection& connection, bool base64) {
  transport_ = Transport::websocket;
  websocket_ = connection.id();
  base64_ = base64;
  connection.bind(Role::websocket, id_);
  send(make_frame(open_packet(false)));
}

void EngineSession::confirm(TimePoint until, TimePoint notice_at) noexcept {
  if (!confirmed_) begin_life();
  deadline_ = CoarseTime(until, endpoint_.loop().now());
  notice_at_ = CoarseTime(notice_at, endpoint_.loop().now());
  confirmed_ = true;
  arm_timer();
  raise_message_limit();
}

void EngineSession::raise_message_limit() noexcept {
  Connection* connection = bound(websocket_, Role::websocket);
  if (confirmed_ && connection != nullptr) {
    connection->set_message_bytes_max(endpoint_.options().message_bytes_max);
  }
}

Connection* EngineSession::bound(ConnectionId id, Role role) const noexcept {
  Connection* connection = endpoint_.find(id);
  const bool ours = connection != nullptr && !connection->closed() && connection->role() == role &&
                    connection->session() == id_;
  return ours ? connection : nullptr;
}

// ---- Polling ----

void EngineSession::answer_poll(std::string_view payload) {
  Connection* connection = endpoint_.find(poll_);
  poll_ = {};
  if (connection == nullptr) return;
  answer_text(*connection, "text/plain; charset=UTF-8", payload);
}

void EngineSession::poll(Connection& connection) {
  if (poll_.valid()) {
    connection.answer({.status = 400, .header_lines = connection.cors_headers()});
    return end(CloseReason::transport_error, kClosePacket);
  }
  poll_ = connection.id();
  connection.bind(Role::poll, id_);
  if (state_ == State::closing && outbox_.empty()) {
    return end(closing_reason_,
               "6\x1e"
               "1");
  }
  if (!outbox_.empty() || probed_) endpoint_.flush_later(*this);
}

bool EngineSession::begin_post(Connection& connection) {
  Connection* other = bound(post_, Role::post);
  if (other == nullptr) {
    post_ = connection.id();
    connection.bind(Role::post, id_);
    return true;
  }
  connection.answer({.status = 400, .header_lines = connection.cors_headers(), .close = true});
  other->abort();
  end(CloseReason::transport_error, kClosePacket);
  return false;
}

void EngineSession::finish_post(Connection& connection) {
  post_ = {};
  const http::Request& request = connection.parser().request();
  if (request.content_type.starts_with("application/octet-stream")) {
    connection.answer({.status = 400, .header_lines = connection.cors_headers()});
    return end(CloseReason::transport_error, kClosePacket);
  }
  charge_bytes(connection.parser().body().size());
  take_payload(connection.parser().body());
  // Also when a packet has ended the session: the POST itself was understood (spec §3.3).
  answer_text(connection, "text/html", "ok");
}

void EngineSession::take_payload(std::string_view body) {
  engineio::PayloadReader reader(body);
  while (state_ == State::open && !reader.done()) {
    const auto packet = reader.next();
    if (!packet) {
      ++endpoint_.counters().packets_malformed;
      return end(CloseReason::parse_error, kClosePacket);
    }
    take_packet(*packet);
  }
}

// ---- Packets ----

void EngineSession::take_packet(const engineio::Packet& packet) {
  ++endpoint_.counters().packets_received;
  const bool was_asked_for = packet.type == engineio::PacketType::pong && awaiting_pong_;
  if (!was_asked_for) charge_packet();
  if (state_ != State::open) return;
  switch (packet.type) {
    case engineio::PacketType::message:
      heard_ = true;
      if (packet.is_binary) {
        endpoint_.application().on_binary(*this, as_bytes(packet.text));
      } else {
        endpoint_.application().on_text(*this, packet.text);
      }
      return;
    case engineio::PacketType::pong:
      if (!awaiting_pong_) return;
      awaiting_pong_ = false;
      heartbeat_at_ = in(endpoint_.options().ping_interval);
      return arm_timer();
    case engineio::PacketType::ping:  // the heartbeat is the server's in this revision
      return end(CloseReason::transport_error, kClosePacket);
    case engineio::PacketType::close:
      return end(CloseReason::transport_close, kNoopPacket);
    default:
      return;  // open, upgrade, noop: nothing to a session that is open
  }
}

void EngineSession::take_text(Connection& connection, std::string_view text) {
  if (connection.role() == Role::probe) return take_probe_text(connection, text);
  if (state_ != State::open) return;
  std::string scratch;
  const auto packet = engineio::decode_packet(text, scratch);
  if (!packet) {
    ++endpoint_.counters().packets_malformed;
    return end(CloseReason::parse_error, {});
  }
  take_packet(*packet);
}

void EngineSession::take_binary(Connection& connection, Bytes bytes) {
  if (connection.role() == Role::probe) return refuse_probe(connection);
  if (state_ != State::open) return;
  take_packet({.type = engineio::PacketType::message, .is_binary = true, .text = as_text(bytes)});
}

// ---- Upgrade ----

void EngineSession::probe(Connection& connection, bool base64) {
  if (is_websocket() || state_ != State::open || bound(websocket_, Role::probe) != nullptr) {
    return connection.close(1008, "the session has a WebSocket already");
  }
  websocket_ = connection.id();
  base64_ = base64;
  connection.bind(Role::probe, id_);
}

void EngineSession::take_probe_text(Connection& connection, std::string_view text) {
  if (text == "2probe") {
    std::string answer;
    websocket::append_frame(answer, websocket::Opcode::text, "3probe");
    connection.send_framed(answer);
    probed_ = true;
    endpoint_.flush_later(*this);
  } else if (text == "5" && state_ != State::closed) {
    complete_upgrade(connection);
  } else {
    refuse_probe(connection);
  }
}

void EngineSession::refuse_probe(Connection& connection) {
  connection.close(1002, "probe expected");
  connection_lost(connection, CloseReason::transport_error);
}

void EngineSession::complete_upgrade(Connection& connection) {
  transport_ = Transport::websocket;
  probed_ = false;
  connection.bind(Role::websocket, id_);
  raise_message_limit();
  post_ = {};  // a body still arriving is refused when it is complete, and may break off unharmed
  ++endpoint_.counters().upgrades;
  // `6` and not `1`: a client that raced would take a close packet at its word.
  if (poll_.valid()) answer_poll(kNoopPacket);
  if (awaiting_pong_) {  // the ping may have been lost with the poll that carried it
    heartbeat_at_ = in(endpoint_.options().ping_timeout);
    arm_timer();
  }
  endpoint_.flush_later(*this);
}

// ---- Ending ----

void EngineSession::close(CloseReason reason) {
  if (state_ != State::open) return;
  state_ = State::closing;
  closing_reason_ = reason;
  arm_timer();  // the close packet waits for the client's next GET, but not for ever
  endpoint_.flush_later(*this);
}

void EngineSession::connection_lost(Connection& connection, CloseReason reason) {
  if (state_ == State::closed) return;
  if (connection.id() == poll_) {
    poll_ = {};
    return end(CloseReason::transport_error, {});
  }
  if (connection.id() == post_) return end(CloseReason::transport_error, kClosePacket);
  if (connection.id() != websocket_) return;
  if (is_websocket()) return end(reason, {});
  websocket_ = {};  // a failed probe leaves the session unharmed
  probed_ = false;
}

void EngineSession::end(CloseReason reason, std::string_view farewell) {
  if (state_ == State::closed) return;
  state_ = State::closed;
  Timer::cancel();
  if (!farewell.empty() && poll_.valid()) {
    std::string payload;  // what was queued before goes out before
    outbox_.take_payload(payload, endpoint_.options().polling_packets_max - 1);
    if (!payload.empty()) payload += engineio::kSeparator;
    answer_poll(payload.append(farewell));
  }
  if (Connection* poll = endpoint_.find(poll_)) poll->abort();
  if (Connection* connection = endpoint_.find(websocket_)) {
    const bool overflow = reason == CloseReason::outbox_overflow;
    connection->close(close_code_of(reason), {}, is_websocket() && !overflow ? &outbox_ : nullptr);
  }
  outbox_.clear();
  note_backlog();
  ++endpoint_.counters().sessions_closed[static_cast<std::size_t>(reason)];
  endpoint_.application().on_close(*this, reason);
  endpoint_.free_later(*this);
}

// ---- Time ----

void EngineSession::arm_timer() {
  const TimePoint now = endpoint_.loop().now();
  TimePoint next = std::min({heartbeat_at_.seen_at(now), deadline_.seen_at(now),
                             notice_at_.seen_at(now), lives_until_.seen_at(now)});
  if (state_ == State::closing) next = now + endpoint_.options().close_timeout;
  endpoint_.loop().timers().arm(*this, next);
}

CoarseTime EngineSession::in(std::chrono::milliseconds time) const noexcept {
  const TimePoint now = endpoint_.loop().now();
  return {now + time, now};
}

bool EngineSession::ended_by(TimePoint now) {
  if (state_ == State::open && heartbeat_at_.reached(now)) on_timer(now);
  return closed();
}

void EngineSession::on_timer(TimePoint now) noexcept {
  if (state_ == State::closing) return end(closing_reason_, kClosePacket);
  if (deadline_.reached(now)) {
    return end(confirmed_ ? CloseReason::expired : CloseReason::confirm_timeout, kClosePacket);
  }
  if (lives_until_.reached(now)) return end(CloseReason::lifetime, kClosePacket);
  if (notice_at_.reached(now)) {
    notice_at_ = {};
    endpoint_.application().on_expiring(*this);
    if (state_ != State::open) return;  // its wish, and the timer is set for that
  }
  if (heartbeat_at_.reached(now)) {
    if (awaiting_pong_) return end(CloseReason::ping_timeout, kClosePacket);
    if (idle_for_too_long()) return end(CloseReason::idle, kClosePacket);
    send_ping(now);
  }
  arm_timer();
}

void EngineSession::send_ping(TimePoint now) {
  send(ping_frame());
  packets_.keep(limits::ticks_of(now));
  bytes_.keep(limits::ticks_of(now));
  heard_ = false;
  awaiting_pong_ = true;
  // From when it was due, not from a late timer; but a process that stood still for long must not
  // charge its clients for it.
  const TimePoint due = std::max(heartbeat_at_.seen_at(now), now - kTimerLateness);
  heartbeat_at_ = CoarseTime(due + endpoint_.options().ping_timeout, now);
}

}  // namespace outcry::transport
