// The HTTP half of a Connection: requests in, answers out.
#include <algorithm>
#include <sys/epoll.h>
#include <utility>

#include "base/assert.h"
#include "protocol/http/error.h"
#include "protocol/http/response.h"
#include "transport/connection.h"
#include "transport/endpoint.h"
#include "transport/request_router.h"

namespace outcry::transport {
namespace {

// Read behind a request in progress before the socket is left alone: one read buffer's worth.
constexpr std::size_t kUnreadBytesMax = 64 * 1024;
// Answers waiting to be written before the next request on the connection is begun.
constexpr std::size_t kAnswerBytesMax = 256 * 1024;

}  // namespace

void Connection::take_http(std::span<std::byte> in) {
  const TransportOptions& options = endpoint_.options();
  std::size_t begun = 0;
  while (mode_ == Mode::http && !answering_) {
    if (incoming_) take_progress(in);
    if (mode_ != Mode::http || answering_ || in.empty()) break;
    if (!incoming_) {
      const bool enough = write_blocked_ || queued_bytes() >= kAnswerBytesMax ||
                          begun++ >= options.pipelined_requests_max;
      if (enough) break;  // the rest waits until these answers are written
      incoming_ = std::make_unique<Incoming>(
          http::RequestLimits{.head_bytes_max = options.head_bytes_max,
                              .headers_max = options.headers_max,
                              .body_bytes_max = options.message_bytes_max});
    }
    if (incoming_->parser.idle()) arm(options.request_timeout);
    const auto used = incoming_->parser.feed(in);
    if (!used) return refuse_request(used.error());
    in = in.subspan(*used);
  }
  if (mode_ == Mode::websocket) return take_websocket(in);
  if (mode_ == Mode::http) keep_unread(in);
}

/// Routes the head once it is there, and the request once it is complete.
void Connection::take_progress(std::span<std::byte>& in) {
  const http::RequestParser& parser = incoming_->parser;
  if (!parser.head_complete()) return;
  if (!head_routed_) {
    head_routed_ = true;
    if (!identify()) return;
    const auto worker = home_of_request(endpoint_, *this);
    if (worker && hand_over(*worker, in)) {
      in = {};
      return;
    }
    route_head(endpoint_, *this);
    if (mode_ != Mode::http) return;
  }
  const http::Request& request = parser.request();
  const std::uint64_t body_bytes = parser.body().size();
  if (std::max(body_bytes, request.content_length.value_or(0)) > body_bytes_max()) {
    return refuse_request(make_error_code(http::HttpError::body_too_big));
  }
  if (parser.complete()) {
    answering_ = true;
    Timer::cancel();
    ++endpoint_.counters().requests;
    route_request(endpoint_, *this);
  } else if (request.expects_continue && !continued_) {
    continued_ = true;
    send_framed(http::kContinue);
  }
}

// A body is worth its full size only from a session that the application knows.
std::uint64_t Connection::body_bytes_max() const {
  const EngineSession* session = role_ == Role::post ? endpoint_.find(session_) : nullptr;
  const TransportOptions& options = endpoint_.options();
  if (session != nullptr && session->confirmed()) return options.message_bytes_max;
  return std::min(options.unconfirmed_bytes_max, options.message_bytes_max);
}

void Connection::keep_unread(std::span<const std::byte> in) {
  unread_.writable() += as_text(in);
  if (unread_.size() >= kUnreadBytesMax) set_interest(false, writing_);
}

void Connection::resume() {
  if (mode_ != Mode::http || answering_ || unread_.empty()) return;
  std::string unread = unread_.take();
  set_interest(!peer_ended_, writing_);
  take_http(std::as_writable_bytes(std::span(unread)));
  if (peer_ended_) endpoint_.flush_later(*this);  // which ends it if nothing is owed any more
}

/// False if the request is to be answered here after all: there is no such worker.
bool Connection::hand_over(WorkerId worker, std::span<const std::byte> unread) {
  endpoint_.loop().remove(fd_.get());
  HandedOver handed{.fd = std::move(fd_),
                    .tls = std::move(tls_),
                    .incoming = std::move(incoming_),
                    .unread = std::string(as_text(unread)),
                    .unsent = std::string(out_.view().substr(out_sent_)),
                    .peer_address = peer_address_,
                    .over_tls = over_tls_,
                    .counted = counted};
  TransportStats& stats = endpoint_.counters();
  const bool taken = endpoint_.application().hand_over(worker, std::move(handed));
  ++(taken ? stats.handovers_out : stats.handovers_refused);
  // NOLINTNEXTLINE(bugprone-use-after-move): who refuses it may leave it whole
  if (!taken && handed.fd.valid()) {
    fd_ = std::move(handed.fd);
    tls_ = std::move(handed.tls);
    incoming_ = std::move(handed.incoming);
    const std::uint32_t events = (reading_ ? EPOLLIN : 0u) | (writing_ ? EPOLLOUT : 0u);
    if (endpoint_.loop().try_add(fd_.get(), *this, events)) return false;
  }
  // One that was moved from and not taken (a full mailbox) is closed by its destructor: the
  // client's next try finds a shorter queue.
  Timer::cancel();
  fd_.reset();
  uncount();
  mode_ = Mode::closed;
  endpoint_.free_later(*this);
  return true;
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

// Answered in kind, though the port speaks TLS only: whoever mistook the scheme shall read why.
void Connection::speak_plain_on_tls_port() {
  ++endpoint_.counters().requests;
  tls_.reset();
  answering_ = true;
  answer({.status = 400,
          .content_type = "text/plain; charset=UTF-8",
          .body = "This port speaks HTTPS: begin the address with https:// or wss://.\n",
          .close = true});
}

/// Finds out who sent the request; false if that one isn't served, and was told so.
bool Connection::identify() {
  const Access& access = endpoint_.access();
  TransportStats& stats = endpoint_.counters();
  if (!incoming_->identified) {  // by the worker that has handed it over
    incoming_->client =
        access.client_of(incoming_->parser.request(), peer_address_, tls_ != nullptr || over_tls_);
    incoming_->identified = true;
    if (incoming_->client.forwarded == Client::Word::ignored) ++stats.forwarded_ignored;
    if (incoming_->client.forwarded == Client::Word::malformed) ++stats.forwarded_malformed;
  }
  if (access.serves(incoming_->client)) return true;
  ++stats.requests;
  ++stats.plain_http_refused;
  endpoint_.application().on_refused(
      {.cause = RefusedRequest::Cause::plain_http, .client = incoming_->client.address});
  answering_ = true;
  answer({.status = 403,
          .content_type = "text/plain; charset=UTF-8",
          .body = "Plain HTTP is served to this machine only: use https://. Behind a proxy that "
                  "ends TLS, list it in server.trusted_proxies and let it send X-Forwarded-Proto; "
                  "in a private network, see server.plain_http.\n",
          .close = true});
  return false;
}

std::string Connection::cors_headers() const {
  return endpoint_.access().origins().response_headers(incoming_->parser.request().origin);
}

void Connection::answer(const Answer& answer) {
  OUTCRY_ASSERT(mode_ == Mode::http);
  const bool has_request = incoming_ && incoming_->parser.head_complete();
  const bool head_only = has_request && parser().request().method == http::Method::head;
  const bool keep_alive = !answer.close && has_request && parser().request().keep_alive;
  if (answer.status >= 400) ++endpoint_.counters().requests_refused;

  http::append_response_head(out_.writable(), {.status = answer.status,
                                               .content_type = answer.content_type,
                                               .content_length = answer.body.size(),
                                               .keep_alive = keep_alive,
                                               .date = endpoint_.http_date()});
  const auto add_line = [this](std::string_view lines) {
    if (!lines.empty()) out_.writable().insert(out_.size() - 2, lines);  // before the empty line
  };
  if (tls_) add_line(endpoint_.access().hsts_line());
  add_line(answer.header_lines);
  if (!head_only) out_.writable() += answer.body;

  role_ = Role::none;
  session_ = {};
  answering_ = false;
  head_routed_ = false;
  continued_ = false;
  if (keep_alive) {
    incoming_.reset();
  } else {
    mode_ = Mode::closing;
    arm(endpoint_.options().request_timeout);
  }
  endpoint_.flush_later(*this);
}

}  // namespace outcry::transport
