// transport/engine_session.h — one Engine.IO session: a browser connection across its transports.
//
//            GET (waits) ─┐                       ┌─ WebSocket probe: 2probe ▸ 3probe ▸ 5
//   polling ─┤            ├─ outbox ─▶ one client ┤
//            POST (body) ─┘                       └─ websocket (for good)
//
// At most one GET and one POST at a time; a second of either ends the session, as does a broken
// poll. The heartbeat is the server's: `2` every ping interval, `3` within the ping timeout, and
// nothing else counts as a sign of life. One timer serves heartbeat, confirmation and close.
// Thread: its worker's only. Owner: Endpoint.
#pragma once

#include <string>
#include <string_view>

#include "base/ids.h"
#include "limits/limits.h"
#include "limits/rate.h"
#include "net/timer_wheel.h"
#include "protocol/engineio/packet.h"
#include "protocol/engineio/session_key.h"
#include "transport/connection.h"
#include "transport/frame.h"
#include "transport/options.h"
#include "transport/outbox.h"

namespace outcry::transport {

class Endpoint;

enum class Sent : std::uint8_t {
  queued,
  dropped,    // volatile, and the client isn't writable now
  over_limit  // the outbox is full: the session will be closed
};

class EngineSession final : net::Timer {
 public:
  EngineSession(EngineId id, Endpoint& endpoint, std::size_t engine_path);
  EngineSession(const EngineSession&) = delete;
  EngineSession& operator=(const EngineSession&) = delete;

  // ---- For the application ----

  [[nodiscard]] EngineId id() const noexcept { return id_; }
  /// Index into TransportOptions::engine_paths of the request that opened the session.
  [[nodiscard]] std::size_t engine_path() const noexcept { return engine_path_; }
  /// The connection that its frames are written to, on WebSocket.
  [[nodiscard]] ConnectionId carrier() const noexcept { return websocket_; }
  [[nodiscard]] bool closed() const noexcept { return state_ == State::closed; }
  [[nodiscard]] bool is_websocket() const noexcept { return transport_ == Transport::websocket; }
  /// Tells that the application knows the client: the confirmation timeout and the small message
  /// limit of strangers no longer apply.
  /// `until`: the session ends then with CloseReason::expired. `notice_at`: then
  /// Application::on_expiring() is called, once. Of several calls the last counts.
  void confirm(TimePoint until = TimePoint::max(), TimePoint notice_at = TimePoint::max()) noexcept;
  [[nodiscard]] bool confirmed() const noexcept { return confirmed_; }
  /// Whether frames keep their trailers; they do unless this says otherwise.
  void take_trailers(bool takes) noexcept { takes_trailers_ = takes; }
  [[nodiscard]] bool takes_trailers() const noexcept { return takes_trailers_; }
  /// Queues a frame by its terms. A volatile one is dropped unless it could be written now.
  Sent send(const FrameRef& frame);
  /// The same for a frame meant for this client alone.
  Sent send(SharedFrame frame);
  /// The same, but without its trailer whoever the client is.
  Sent send_without_trailer(SharedFrame frame);
  /// Calls Application::on_drained() once, at the end of a tick that leaves nothing waiting.
  void tell_when_drained() noexcept;
  /// Ends the session after what is queued, as far as the client still fetches it.
  void close(CloseReason reason);
  /// The client's newest packet is one that it was asked for: it costs nothing.
  void refund_packet() noexcept;
  /// Time until the client is again within what it may send; zero: it is. What it says meanwhile is
  /// to be refused.
  [[nodiscard]] std::chrono::milliseconds overdrawn() const noexcept;

  // ---- For the endpoint and its router ----

  [[nodiscard]] const engineio::SessionKey& key() const noexcept { return key_; }
  /// Whether the session has ended by `now`. The timer may be a slot late; a request that comes in
  /// between must not find a session that is over.
  [[nodiscard]] bool ended_by(TimePoint now);
  void open_polling(Connection& connection);
  void open_websocket(Connection& connection, bool base64);
  /// A GET: answered when there are packets. May end the session.
  void poll(Connection& connection);
  /// A POST's head: false if it ended the session (and was answered).
  bool begin_post(Connection& connection);
  void finish_post(Connection& connection);
  /// A WebSocket that names this session, already switched: it may only probe and upgrade.
  void probe(Connection& connection, bool base64);
  void take_text(Connection& connection, std::string_view text);
  void take_binary(Connection& connection, Bytes bytes);
  void connection_lost(Connection& connection, CloseReason reason);
  /// Gives up what waits, but for the rest of a frame that `connection` has partly written.
  void abandon_outbox(const Connection& connection, std::string& rest);
  /// Writes what waits; at the end of a tick.
  void flush();
  /// Counts what the client has sent. Ends the session if that is far too much.
  void charge_packet();
  void charge_bytes(std::size_t bytes);

  bool dirty = false;  // the endpoint's: on its list of sessions to flush

 private:
  enum class State : std::uint8_t { open, closing, closed };
  enum class Transport : std::uint8_t { polling, websocket };

  void on_timer(TimePoint now) noexcept override;
  /// The connection of this id if it still is ours in this role: an answered request's, or one
  /// that has ended, is not.
  [[nodiscard]] Connection* bound(ConnectionId id, Role role) const noexcept;
  void raise_message_limit() noexcept;
  void take_packet(const engineio::Packet& packet);
  void take_probe_text(Connection& connection, std::string_view text);
  void refuse_probe(Connection& connection);
  void complete_upgrade(Connection& connection);
  void answer_poll(std::string_view payload);
  void queue(const FrameRef& frame);
  void write();
  void note_backlog();
  [[nodiscard]] bool takes_too_much();
  void take_payload(std::string_view body);
  [[nodiscard]] std::string open_packet(bool offers_websocket) const;
  void charge(limits::Bucket<std::uint32_t>& bucket, const limits::Rate& rate, std::size_t units,
              limits::Limit limit);
  void send_ping(TimePoint now);
  [[nodiscard]] bool idle_for_too_long();
  void begin_life();
  [[nodiscard]] CoarseTime in(std::chrono::milliseconds time) const noexcept;
  void arm_timer();
  /// Ends the session at once; `farewell` answers a waiting poll.
  void end(CloseReason reason, std::string_view farewell);

  std::uint16_t silent_pings_ = 0;  // in a row; here it takes the place of padding
  const EngineId id_;
  State state_ : 2 = State::open;
  Transport transport_ : 1 = Transport::polling;
  CloseReason closing_reason_ = CloseReason::server_close;
  bool confirmed_ : 1 = false;
  bool awaiting_pong_ : 1 = false;
  bool probed_ : 1 = false;  // 2probe was answered
  bool base64_ : 1 = false;
  bool takes_trailers_ : 1 = true;
  bool behind_ : 1 = false;  // the last write left something over
  bool heard_ : 1 = false;   // or told something since the last ping
  bool tells_drained_ : 1 = false;
  std::uint8_t engine_path_ = 0;
  CoarseTime lives_until_;  // by age
  Endpoint& endpoint_;
  ConnectionId poll_;
  ConnectionId post_;
  ConnectionId websocket_;   // the transport, or the one that probes
  CoarseTime heartbeat_at_;  // the next ping is due, or its pong
  CoarseTime deadline_;      // to be confirmed by; once confirmed, to live until
  CoarseTime notice_at_;
  limits::Bucket<std::uint32_t> packets_;
  limits::Bucket<std::uint32_t> bytes_;
  Outbox outbox_;
  std::uint32_t backlog_bytes_ = 0;  // what it last told the worker's Backlog
  const engineio::SessionKey key_;
};

}  // namespace outcry::transport
