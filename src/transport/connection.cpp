#include "transport/connection.h"

#include <algorithm>
#include <array>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <utility>

#include "base/assert.h"
#include "net/tcp.h"
#include "protocol/websocket/frame.h"
#include "transport/endpoint.h"

namespace outcry::transport {
namespace {

// Echoes waiting on a raw WebSocket before its sender is made to wait.
constexpr std::size_t kRawQueueBytes = 4 << 20;
constexpr std::size_t kPartsPerWrite = 64;
constexpr std::chrono::seconds kLinger{2};

}  // namespace

Connection::Connection(ConnectionId id, Endpoint& endpoint, net::UniqueFd fd,
                       const net::IpAddress& peer_address)
    : id_(id), endpoint_(endpoint), fd_(std::move(fd)), peer_address_(peer_address) {}

bool Connection::start() {
  if (endpoint_.options().proxy_protocol) mode_ = Mode::preface;
  if (net::TlsContext* tls = endpoint_.tls()) {
    tls_ = tls->accept();
    if (!tls_) return false;
  }
  return watch();
}

bool Connection::watch() {
  if (!endpoint_.loop().try_add(fd_.get(), *this, EPOLLIN)) return false;
  arm(endpoint_.options().request_timeout);
  return true;
}

bool Connection::start(HandedOver&& handed) {
  incoming_ = std::move(handed.incoming);
  over_tls_ = handed.over_tls;
  out_ = std::move(handed.unsent);
  tls_ = std::move(handed.tls);
  if (tls_) tls_->move_to(*endpoint_.tls());  // all workers speak it, or none
  if (!watch()) return false;
  if (!out_.empty() || (tls_ && tls_->has_unsent())) endpoint_.flush_later(*this);
  take_http(std::as_writable_bytes(std::span(handed.unread)));
  return true;
}

void Connection::bind(Role role, EngineId session) noexcept {
  role_ = role;
  session_ = session;
  if (role == Role::probe) {
    arm(endpoint_.options().upgrade_timeout);
  } else if (role == Role::api) {
    arm(endpoint_.options().request_timeout);
  } else if (role != Role::post) {
    Timer::cancel();  // the session's heartbeat watches over it
  }
}

void Connection::arm(std::chrono::milliseconds timeout) {
  endpoint_.loop().timers().arm(*this, endpoint_.loop().now() + timeout);
}

// ---- Reading ----

void Connection::on_io(std::uint32_t events) noexcept {
  if (mode_ == Mode::closed) return;
  if ((events & EPOLLOUT) != 0) {
    write_blocked_ = false;
    set_interest(reading_, false);
    endpoint_.flush_later(*this);
  }
  const bool broken = (events & (EPOLLHUP | EPOLLERR)) != 0;
  // Reported whether asked for or not: while reading is paused it would be so for ever.
  if (broken && !reading_) return lose(CloseReason::transport_error);
  if (broken || (events & EPOLLIN) != 0) read();
}

void Connection::read() {
  if (mode_ == Mode::preface) return read_preface();
  const auto buffer = endpoint_.read_buffer();
  const auto got = tls_ ? tls_->read_some(fd_.get(), buffer) : net::read_some(fd_.get(), buffer);
  if (tls_ && tls_->has_unsent()) wait_until_writable();
  if (!got) return read_failed(got.error());
  if (*got == 0) return stream_ended();
  endpoint_.counters().bytes_received += *got;
  switch (mode_) {
    case Mode::http:
      if (!unread_.empty()) return keep_unread(buffer.first(*got));
      return take_http(buffer.first(*got));
    case Mode::websocket:
      return take_websocket(buffer.first(*got));
    default:
      return;  // closing: what the peer still says is no longer of interest
  }
}

void Connection::read_failed(std::error_code error) {
  if (error == net::TlsError::plain_http) return speak_plain_on_tls_port();
  if (!net::would_block(error)) lose(CloseReason::transport_error);
}

// A peer may shut its side after it has asked, and still read the answers.
void Connection::stream_ended() {
  const bool owes = queued_bytes() > 0 || !unread_.empty();
  if (owes && ((mode_ == Mode::http && !answering_) || mode_ == Mode::closing)) {
    peer_ended_ = true;
    return set_interest(false, writing_);
  }
  if (tls_) (void)tls_->close(fd_.get());  // in return; a full socket has nobody who reads it
  lose(mode_ == Mode::http ? CloseReason::transport_error : CloseReason::transport_close);
}

void Connection::lose(CloseReason reason) {
  EngineSession* session = endpoint_.find(session_);
  finish();
  if (session != nullptr) session->connection_lost(*this, reason);
}

// ---- Writing and closing ----

void Connection::send_framed(std::string_view bytes) {
  if (mode_ == Mode::closed) return;
  out_.writable() += bytes;
  if (role_ == Role::raw && queued_bytes() > kRawQueueBytes) set_interest(false, writing_);
  endpoint_.flush_later(*this);
}

void Connection::close(std::uint16_t code, std::string_view reason, Outbox* rest) {
  if (mode_ != Mode::http && mode_ != Mode::websocket) return;
  if (mode_ == Mode::websocket) {
    if (rest != nullptr) {
      rest->take_wire(out_.writable(), false, wire_form());
    } else if (EngineSession* session = endpoint_.find(session_)) {
      session->abandon_outbox(*this, out_.writable());
    }
    websocket::append_close(out_.writable(), code, reason);
  }
  mode_ = Mode::closing;
  set_interest(!peer_ended_, writing_);
  arm(endpoint_.options().close_timeout);
  endpoint_.flush_later(*this);
}

void Connection::abort() {
  if (mode_ != Mode::closed) finish();
}

void Connection::finish() {
  OUTCRY_ASSERT(mode_ != Mode::closed);
  mode_ = Mode::closed;
  Timer::cancel();
  endpoint_.loop().remove(fd_.get());
  fd_.reset();
  uncount();
  ++endpoint_.counters().connections_closed;
  endpoint_.free_later(*this);
}

/// A peer that is counted is no proxy, so its address is still what it was.
void Connection::uncount() noexcept {
  if (std::exchange(counted, false)) endpoint_.application().on_disconnect(peer_address_);
}

WireForm Connection::wire_form() const noexcept {
  return {.deflate_bits = deflate_bits_,
          .deflate_bytes_min = endpoint_.options().deflate_bytes_min};
}

/// What is to be written next; returns how many parts.
std::size_t Connection::gather(std::string_view own, const Outbox* outbox,
                               std::span<iovec> parts) const {
  std::size_t count = 0;
  if (!own.empty()) parts[count++] = {const_cast<char*>(own.data()), own.size()};
  if (outbox == nullptr) return count;
  const WireForm form = wire_form();
  if (own.empty() && outbox->size() <= parts.size()) {
    const std::string_view joined = endpoint_.frame_run().joined(*outbox, form);
    if (!joined.empty()) {
      parts[0] = {const_cast<char*>(joined.data()), joined.size()};
      return 1;
    }
  }
  return count + outbox->gather(parts.subspan(count), form);
}

void Connection::flush(Outbox* outbox) {
  if (mode_ == Mode::closed || mode_ == Mode::lingering || write_blocked_) return;
  pong_bytes_ = 0;
  if (!owed_pong_.empty() && mode_ == Mode::websocket) send_pong(owed_pong_.take());
  const WireForm form = wire_form();
  std::array<iovec, kPartsPerWrite> parts;
  for (;;) {
    const std::string_view own = out_.view().substr(out_sent_);
    const std::size_t count = gather(own, outbox, parts);
    if (count == 0 && !(tls_ && tls_->has_unsent())) break;
    std::size_t total = 0;
    for (std::size_t i = 0; i < count; ++i) total += parts[i].iov_len;

    const auto ready = std::span(parts).first(count);
    const auto sent = tls_ ? tls_->write_some(fd_.get(), ready) : net::write_some(fd_.get(), ready);
    if (!sent) return lose(CloseReason::transport_error);
    ++endpoint_.counters().writes;
    endpoint_.counters().bytes_sent += *sent;
    const std::size_t own_sent = std::min(*sent, own.size());
    out_sent_ += static_cast<std::uint32_t>(own_sent);
    if (outbox != nullptr) outbox->consume(*sent - own_sent, form);
    if (*sent < total || (tls_ && tls_->has_unsent())) {
      // A handshake has its time from the beginning, however slowly its peer reads.
      if (mode_ == Mode::http && !handshaking()) arm(endpoint_.options().request_timeout);
      return wait_until_writable();
    }
  }
  written();
}

void Connection::wait_until_writable() {
  write_blocked_ = true;
  set_interest(reading_, true);
}

void Connection::written() {
  out_.clear();
  out_sent_ = 0;
  if (handshaking()) return;
  if (mode_ == Mode::closing) {
    if (tls_ && !tls_->close(fd_.get())) return wait_until_writable();
    mode_ = Mode::lingering;
    ::shutdown(fd_.get(), SHUT_WR);
    arm(kLinger);
  } else if (mode_ == Mode::http) {
    answers_written();
  } else if (role_ == Role::raw && !reading_) {
    set_interest(true, writing_);
  }
}

// The timer may have watched over a slow write; now it watches over what comes next.
void Connection::answers_written() {
  if (role_ == Role::api) return;  // its time goes on
  if (answering_) {
    Timer::cancel();  // a poll waits, and its session's heartbeat watches over it
  } else if (!unread_.empty()) {
    endpoint_.resume_later(*this);
  } else if (peer_ended_) {
    lose(CloseReason::transport_error);
  } else if (!incoming_) {
    arm(endpoint_.options().keep_alive_timeout);
  }
}

void Connection::set_interest(bool reading, bool writing) {
  if (mode_ == Mode::closed || (reading == reading_ && writing == writing_)) return;
  reading_ = reading;
  writing_ = writing;
  endpoint_.loop().modify(fd_.get(), *this, (reading ? EPOLLIN : 0u) | (writing ? EPOLLOUT : 0u));
}

void Connection::on_timer(TimePoint) noexcept {
  if (mode_ == Mode::websocket) {
    return end_websocket(1002, "upgrade timed out", CloseReason::transport_error);
  }
  if (role_ == Role::api && answering_) return answer({.status = 503, .close = true});
  const bool request_unfinished = mode_ == Mode::http && incoming_ && !answering_ && !blocked();
  if (!request_unfinished) return lose(CloseReason::transport_error);
  if (EngineSession* session = endpoint_.find(session_)) {
    session->connection_lost(*this, CloseReason::transport_error);
  }
  answering_ = true;
  answer({.status = 408, .close = true});
}

}  // namespace outcry::transport
