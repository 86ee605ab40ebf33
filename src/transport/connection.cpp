#include "transport/connection.h"

#include <algorithm>
#include <array>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "base/assert.h"
#include "net/tcp.h"
#include "protocol/http/response.h"
#include "protocol/websocket/error.h"
#include "protocol/websocket/frame.h"
#include "transport/endpoint.h"
#include "transport/request_router.h"

namespace outcry::transport {
namespace {

// Read behind a request in progress before the socket is left alone: one read buffer's worth.
constexpr std::size_t kUnreadBytesMax = 64 * 1024;
// Echoes waiting on a raw WebSocket before its sender is made to wait.
constexpr std::size_t kRawQueueBytes = 4 << 20;
constexpr std::size_t kPartsPerWrite = 64;
constexpr std::chrono::seconds kLinger{2};

}  // namespace

Connection::Connection(ConnectionId id, Endpoint& endpoint, net::UniqueFd fd,
                       std::string peer_address)
    : id_(id), endpoint_(endpoint), fd_(std::move(fd)), peer_address_(std::move(peer_address)) {}

bool Connection::start() {
  if (!endpoint_.loop().try_add(fd_.get(), *this, EPOLLIN)) return false;
  arm(endpoint_.options().request_timeout);
  return true;
}

bool Connection::start(HandedOver&& handed) {
  parser_ = std::move(handed.parser);
  unread_ = std::move(handed.unread);
  if (!start()) return false;
  std::string unread = std::move(unread_);
  unread_.clear();
  take_http(std::as_writable_bytes(std::span(unread)));
  return true;
}

void Connection::bind(Role role, EngineId session) noexcept {
  role_ = role;
  session_ = session;
  if (role == Role::probe) {
    arm(endpoint_.options().upgrade_timeout);
  } else if (role != Role::post) {
    timer_.cancel();  // the session's heartbeat watches over it
  }
}

void Connection::arm(std::chrono::milliseconds timeout) {
  endpoint_.loop().timers().arm(timer_, endpoint_.loop().now() + timeout);
}

// ---- Reading ----

void Connection::on_io(std::uint32_t events) noexcept {
  if (mode_ == Mode::closed) return;
  if ((events & EPOLLOUT) != 0) {
    write_blocked_ = false;
    set_interest(reading_, false);
    endpoint_.flush_later(*this);
  }
  if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) read();
}

void Connection::read() {
  const auto buffer = endpoint_.read_buffer();
  const auto got = net::read_some(fd_.get(), buffer);
  if (!got) {
    if (!net::would_block(got.error())) lose(CloseReason::transport_error);
    return;
  }
  if (*got == 0) return stream_ended();
  endpoint_.counters().bytes_received += *got;
  switch (mode_) {
    case Mode::http:
      return take_http(buffer.first(*got));
    case Mode::websocket:
      return take_websocket(buffer.first(*got));
    default:
      return;  // closing: what the peer still says is no longer of interest
  }
}

void Connection::stream_ended() {
  if (mode_ == Mode::http && !answering_ && queued_bytes() > 0) {
    return close(1005);  // it asked, shut its side, and still reads the answer
  }
  lose(mode_ == Mode::http ? CloseReason::transport_error : CloseReason::transport_close);
}

void Connection::lose(CloseReason reason) {
  EngineSession* session = endpoint_.find(session_);
  finish();
  if (session != nullptr) session->connection_lost(*this, reason);
}

// ---- HTTP ----

void Connection::take_http(std::span<std::byte> in) {
  while (mode_ == Mode::http && !answering_) {
    if (parser_) take_progress(in);
    if (mode_ != Mode::http || answering_) break;
    if (in.empty()) return;
    if (!parser_) {
      const TransportOptions& options = endpoint_.options();
      parser_ = std::make_unique<http::RequestParser>(
          http::RequestLimits{.head_bytes_max = options.head_bytes_max,
                              .headers_max = options.headers_max,
                              .body_bytes_max = options.message_bytes_max});
    }
    if (parser_->idle()) arm(endpoint_.options().request_timeout);
    const auto used = parser_->feed(in);
    if (!used) return refuse_request(used.error());
    in = in.subspan(*used);
  }
  if (mode_ == Mode::websocket) return take_websocket(in);
  if (mode_ == Mode::http) keep_unread(in);
}

/// Routes the head once it is there, and the request once it is complete.
void Connection::take_progress(std::span<std::byte>& in) {
  if (parser_->head_complete() && !head_routed_) {
    head_routed_ = true;
    if (const auto worker = home_of_request(endpoint_, *this)) {
      hand_over(*worker, in);
      in = {};
      return;
    }
    route_head(endpoint_, *this);
    if (mode_ == Mode::http && parser_ && !parser_->complete() &&
        parser_->request().expects_continue) {
      send_framed(http::kContinue);
    }
  }
  if (mode_ == Mode::http && parser_ && parser_->complete() && !answering_) {
    answering_ = true;
    timer_.cancel();
    ++endpoint_.counters().requests;
    route_request(endpoint_, *this);
  }
}

void Connection::keep_unread(std::span<const std::byte> in) {
  unread_ += as_text(in);
  if (unread_.size() >= kUnreadBytesMax) set_interest(false, writing_);
}

void Connection::resume() {
  if (mode_ != Mode::http || answering_ || unread_.empty()) return;
  std::string unread = std::move(unread_);
  unread_.clear();
  set_interest(true, writing_);
  take_http(std::as_writable_bytes(std::span(unread)));
}

void Connection::hand_over(WorkerId worker, std::span<const std::byte> unread) {
  endpoint_.loop().remove(fd_.get());
  timer_.cancel();
  mode_ = Mode::closed;
  endpoint_.free_later(*this);
  HandedOver handed{.fd = std::move(fd_),
                    .parser = std::move(parser_),
                    .unread = std::string(as_text(unread)),
                    .peer_address = peer_address_};
  // A refused one is closed by its destructor: the client's next try finds a shorter queue.
  if (endpoint_.application().hand_over(worker, std::move(handed))) {
    ++endpoint_.counters().handovers_out;
  } else {
    ++endpoint_.counters().handovers_refused;
  }
}

void Connection::refuse_request(std::error_code error) {
  ++endpoint_.counters().requests;
  ++endpoint_.counters().requests_malformed;
  answering_ = true;
  // A body that is too big ends this connection only: the session may go on (spec §3.3).
  if (role_ == Role::post && error != http::HttpError::body_too_big) {
    if (EngineSession* session = endpoint_.find(session_)) {
      session->connection_lost(*this, CloseReason::transport_error);
    }
  }
  answer({.status = http::status_for(error), .close = true});
}

std::string Connection::cors_headers() const {
  return endpoint_.origins().response_headers(parser_->request().origin);
}

void Connection::answer(const Answer& answer) {
  OUTCRY_ASSERT(mode_ == Mode::http);
  const bool has_request = parser_ && parser_->head_complete();
  const bool head_only = has_request && parser_->request().method == http::Method::head;
  const bool keep_alive = !answer.close && has_request && parser_->request().keep_alive;
  if (answer.status >= 400) ++endpoint_.counters().requests_refused;

  http::append_response_head(out_, {.status = answer.status,
                                    .content_type = answer.content_type,
                                    .content_length = answer.body.size(),
                                    .keep_alive = keep_alive,
                                    .date = endpoint_.http_date()});
  if (!answer.header_lines.empty()) {
    out_.insert(out_.size() - 2, answer.header_lines);  // before the empty line
  }
  if (!head_only) out_ += answer.body;

  role_ = Role::none;
  session_ = {};
  answering_ = false;
  head_routed_ = false;
  if (keep_alive) {
    parser_.reset();
    arm(endpoint_.options().keep_alive_timeout);
    if (!unread_.empty()) endpoint_.resume_later(*this);
  } else {
    mode_ = Mode::closing;
    arm(endpoint_.options().request_timeout);
  }
  endpoint_.flush_later(*this);
}

// ---- WebSocket ----

void Connection::switch_to_websocket(std::string_view response, int deflate_bits,
                                     std::uint64_t message_bytes_max) {
  out_ += response;
  mode_ = Mode::websocket;
  answering_ = false;
  deflate_bits_ = static_cast<std::uint8_t>(deflate_bits);
  parser_.reset();
  timer_.cancel();
  reader_.emplace(websocket::ReaderLimits{.message_bytes_max = message_bytes_max,
                                          .deflate = deflate_bits != 0});
  endpoint_.flush_later(*this);
}

void Connection::take_websocket(std::span<std::byte> in) {
  while (mode_ == Mode::websocket) {
    const auto event = reader_->next(in, endpoint_.inflater());
    if (!event) {
      ++endpoint_.counters().websocket_errors;
      EngineSession* session = endpoint_.find(session_);
      close(websocket::close_code_for(event.error()));
      if (session != nullptr) session->connection_lost(*this, CloseReason::transport_error);
      return;
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
    case websocket::EventKind::ping: {
      std::string pong;
      websocket::append_frame(pong, websocket::Opcode::pong, event.text());
      // Behind a frame that is partly written, so never ahead of the outbox.
      if (role_ == Role::websocket && session != nullptr) {
        session->send(make_control_frame(std::move(pong)));
      } else {
        send_framed(pong);
      }
      return;
    }
    case websocket::EventKind::close:
      close(event.close_code);
      if (session != nullptr) session->connection_lost(*this, CloseReason::transport_close);
      return;
    default:
      return;  // an unasked pong means nothing
  }
}

// ---- Writing and closing ----

void Connection::send_framed(std::string_view bytes) {
  if (mode_ == Mode::closed) return;
  out_ += bytes;
  if (role_ == Role::raw && queued_bytes() > kRawQueueBytes) set_interest(false, writing_);
  endpoint_.flush_later(*this);
}

void Connection::close(std::uint16_t code, std::string_view reason, Outbox* rest) {
  if (mode_ != Mode::http && mode_ != Mode::websocket) return;
  if (mode_ == Mode::websocket) {
    if (rest != nullptr) {
      rest->take_wire(out_, false);
    } else if (EngineSession* session = endpoint_.find(session_)) {
      session->abandon_outbox(*this, out_);
    }
    websocket::append_close(out_, code, reason);
  }
  mode_ = Mode::closing;
  set_interest(true, writing_);
  arm(endpoint_.options().close_timeout);
  endpoint_.flush_later(*this);
}

void Connection::abort() {
  if (mode_ != Mode::closed) finish();
}

void Connection::finish() {
  OUTCRY_ASSERT(mode_ != Mode::closed);
  mode_ = Mode::closed;
  timer_.cancel();
  endpoint_.loop().remove(fd_.get());
  fd_.reset();
  ++endpoint_.counters().connections_closed;
  endpoint_.free_later(*this);
}

void Connection::flush(Outbox* outbox) {
  if (mode_ == Mode::closed || mode_ == Mode::lingering || write_blocked_) return;
  std::array<iovec, kPartsPerWrite> parts;
  for (;;) {
    std::size_t count = 0;
    const std::string_view own = std::string_view(out_).substr(out_sent_);
    if (!own.empty()) parts[count++] = {const_cast<char*>(own.data()), own.size()};
    if (outbox != nullptr) count += outbox->gather(std::span(parts).subspan(count));
    if (count == 0) break;
    std::size_t total = 0;
    for (std::size_t i = 0; i < count; ++i) total += parts[i].iov_len;

    const auto sent = net::write_some(fd_.get(), std::span(parts).first(count));
    if (!sent) return lose(CloseReason::transport_error);
    ++endpoint_.counters().writes;
    endpoint_.counters().bytes_sent += *sent;
    const std::size_t own_sent = std::min(*sent, own.size());
    out_sent_ += own_sent;
    if (outbox != nullptr) outbox->consume(*sent - own_sent);
    if (*sent < total) {
      write_blocked_ = true;
      set_interest(reading_, true);
      if (mode_ == Mode::http) arm(endpoint_.options().request_timeout);
      return;
    }
  }
  written();
}

void Connection::written() {
  if (!out_.empty()) std::string().swap(out_);
  out_sent_ = 0;
  if (mode_ == Mode::closing) {
    mode_ = Mode::lingering;
    ::shutdown(fd_.get(), SHUT_WR);
    arm(kLinger);
  } else if (role_ == Role::raw && !reading_) {
    set_interest(true, writing_);
  }
}

void Connection::set_interest(bool reading, bool writing) {
  if (mode_ == Mode::closed || (reading == reading_ && writing == writing_)) return;
  reading_ = reading;
  writing_ = writing;
  endpoint_.loop().modify(fd_.get(), *this, (reading ? EPOLLIN : 0u) | (writing ? EPOLLOUT : 0u));
}

void Connection::on_timer(TimePoint) noexcept {
  if (mode_ == Mode::websocket) return close(1002, "upgrade timed out");
  const bool request_unfinished = mode_ == Mode::http && parser_ && !answering_ && !blocked();
  if (!request_unfinished) return lose(CloseReason::transport_error);
  if (EngineSession* session = endpoint_.find(session_)) {
    session->connection_lost(*this, CloseReason::transport_error);
  }
  answering_ = true;
  answer({.status = 408, .close = true});
}

}  // namespace outcry::transport
