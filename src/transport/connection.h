// transport/connection.h — one browser's TCP connection: HTTP requests, then perhaps a WebSocket.
//
//   (PROXY header ──▶) http ──▶ request complete ──▶ routed ──▶ answered ──▶ next request
//                        └────▶ upgraded ──▶ websocket ──▶ closing ──▶ lingering ──▶ closed
//
// A connection moves bytes and knows the grammar of what comes in; what requests and messages mean
// is the session's and the router's business. Idle it owns no buffer: it reads into the worker's
// shared one and frees what it queued once that is written.
//
// lingering: our last bytes are out and our side is shut, the peer's are read and thrown away.
// Closing at once would reset the connection while the peer still sends, and it would never see
// why it was closed.
// Thread: its worker's only. Owner: Endpoint.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "base/rare_text.h"
#include "net/event_loop.h"
#include "net/tls_stream.h"
#include "net/unique_fd.h"
#include "protocol/http/request.h"
#include "protocol/websocket/message_reader.h"
#include "transport/application.h"
#include "transport/connection_id.h"
#include "transport/outbox.h"

namespace outcry::transport {

class Endpoint;

/// What a connection is doing for an engine session.
enum class Role : std::uint8_t {
  none,
  poll,       // its GET waits for packets
  post,       // its body is arriving
  probe,      // a WebSocket that hasn't completed its upgrade
  websocket,  // the session's transport
  api,        // the application owes its GET an answer
  raw         // bare WebSocket messages
};

class Connection final : net::IoHandler, net::Timer {
 public:
  Connection(ConnectionId id, Endpoint& endpoint, net::UniqueFd fd,
             const net::IpAddress& peer_address);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  [[nodiscard]] ConnectionId id() const noexcept { return id_; }
  /// The client's, as far as trusted proxies tell: of the current request, on a WebSocket of the
  /// one that opened it. Between requests the peer's.
  [[nodiscard]] const net::IpAddress& peer_address() const noexcept {
    return incoming_ && incoming_->identified ? incoming_->client.address : peer_address_;
  }
  /// How the current request came.
  [[nodiscard]] Scheme scheme() const noexcept { return incoming_->client.scheme; }
  [[nodiscard]] Role role() const noexcept { return role_; }
  [[nodiscard]] EngineId session() const noexcept { return session_; }
  [[nodiscard]] bool closed() const noexcept { return mode_ == Mode::closed; }
  [[nodiscard]] const http::RequestParser& parser() const noexcept { return incoming_->parser; }
  /// The socket took less than it was given: nothing more fits now.
  [[nodiscard]] bool blocked() const noexcept { return write_blocked_; }
  /// How frames are written here.
  [[nodiscard]] WireForm wire_form() const noexcept;

  /// Starts watching the socket. False if the kernel refuses.
  [[nodiscard]] bool start();
  /// The same for a connection that another worker began; its request is routed at once.
  [[nodiscard]] bool start(HandedOver&& handed);

  void bind(Role role, EngineId session) noexcept;

  /// CORS header lines for answers to the current request; empty when none is needed.
  [[nodiscard]] std::string cors_headers() const;

  struct Answer {
    int status = 200;
    std::string_view content_type;
    std::string_view body;
    std::string_view header_lines;  // each ended by CR LF
    bool close = false;
  };
  /// Queues the answer to the current request and makes ready for the next one.
  void answer(const Answer& answer);
  /// Queues the 101 response and changes to WebSocket frames. `deflate_bits`: 0, or the window of
  /// permessage-deflate that was agreed.
  void switch_to_websocket(std::string_view response, int deflate_bits,
                           std::uint32_t message_bytes_max);
  /// Of the WebSocket messages to come; nothing on HTTP.
  void set_message_bytes_max(std::uint32_t bytes) noexcept;

  /// Queues bytes that are already framed, ahead of the session's outbox: for use before the
  /// outbox has sent anything on this connection, and on raw ones.
  void send_framed(std::string_view bytes);
  /// Ends the connection once what is queued has been written. On a WebSocket the rest of the
  /// outbox goes first, if one is given, and a close frame with this code last; 1005 sends an empty
  /// one.
  void close(std::uint16_t code, std::string_view reason = {}, Outbox* rest = nullptr);
  /// Ends the connection now, without a word.
  void abort();

  /// Writes what waits: own bytes first, then the outbox of the session it is the transport of.
  void flush(Outbox* outbox);
  /// Goes on with requests that were read while those before were being answered.
  void resume();
  /// Bytes queued here and not yet written.
  [[nodiscard]] std::size_t queued_bytes() const noexcept { return out_.size() - out_sent_; }

  bool dirty = false;    // the endpoint's: on its list of connections to flush
  bool counted = false;  // the endpoint's: the application counts it for its peer

 private:
  enum class Mode : std::uint8_t { preface, http, websocket, closing, lingering, closed };

  void on_io(std::uint32_t events) noexcept override;
  void on_timer(TimePoint now) noexcept override;

  [[nodiscard]] bool watch();
  void read();
  void read_failed(std::error_code error);
  void read_preface();
  void take_http(std::span<std::byte> in);
  void take_progress(std::span<std::byte>& in);
  [[nodiscard]] std::uint64_t body_bytes_max() const;
  [[nodiscard]] bool hand_over(WorkerId worker, std::span<const std::byte> unread);
  void keep_unread(std::span<const std::byte> in);
  void refuse_request(std::error_code error);
  void speak_plain_on_tls_port();
  [[nodiscard]] bool identify();
  void take_websocket(std::span<std::byte> in);
  void take_event(const websocket::Event& event);
  void take_ping(std::string_view payload);
  void send_pong(const std::string& pong);
  /// Closes a WebSocket with this code and tells its session why.
  void end_websocket(std::uint16_t code, std::string_view reason, CloseReason why);
  void lose(CloseReason reason);
  void stream_ended();
  void wait_until_writable();
  [[nodiscard]] bool handshaking() const noexcept { return tls_ && tls_->handshaking(); }
  [[nodiscard]] std::size_t gather(std::string_view own, const Outbox* outbox,
                                   std::span<iovec> parts) const;
  void written();
  void answers_written();
  void set_interest(bool reading, bool writing);
  void finish();
  void uncount() noexcept;
  void arm(std::chrono::milliseconds timeout);

  const ConnectionId id_;
  Mode mode_ = Mode::http;
  Role role_ = Role::none;
  bool answering_ = false;  // a complete request waits for its answer
  bool head_routed_ = false;
  bool continued_ = false;   // 100 Continue was sent for the current request
  bool peer_ended_ = false;  // it has shut its side, but we owe it answers
  bool write_blocked_ = false;
  bool reading_ = true;  // what epoll was told
  bool writing_ = false;
  bool over_tls_ = false;  // the client, as a PROXY header says
  std::uint8_t deflate_bits_ = 0;
  EngineId session_;
  Endpoint& endpoint_;
  net::UniqueFd fd_;
  std::unique_ptr<net::TlsStream> tls_;  // null: a plain connection
  std::unique_ptr<Incoming> incoming_;
  websocket::MessageReader reader_;  // used once it is a WebSocket
  RareText out_;
  RareText unread_;     // pipelined behind the request in progress; a PROXY header's beginning
  RareText owed_pong_;  // to the latest ping, once the peer reads again
  std::uint32_t out_sent_ = 0;
  std::uint32_t pong_bytes_ = 0;  // since the last flush
  net::IpAddress peer_address_;
};

}  // namespace outcry::transport
