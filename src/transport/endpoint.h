// transport/endpoint.h — the browser-facing end of one worker: its listener, its connections, its
// engine sessions.
//
//   accept ─▶ Connection ─▶ router ─▶ EngineSession ─▶ Application
//                 ▲                        │ outbox
//                 └──── end of tick ◀──────┘ one write for each dirty connection
//
// Everything is freed at the end of a tick, so code on the stack never loses what it stands on.
// Thread: its worker's only. Owner: Worker, or a test.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/slot_table.h"
#include "net/event_loop.h"
#include "net/tls_context.h"
#include "protocol/engineio/session_key.h"
#include "protocol/websocket/deflate.h"
#include "transport/access.h"
#include "transport/application.h"
#include "transport/backlog.h"
#include "transport/connection.h"
#include "transport/engine_session.h"
#include "transport/frame.h"
#include "transport/frame_run.h"
#include "transport/static_files.h"

namespace outcry::transport {

class Endpoint final : net::IoHandler {
 public:
  /// `files` may be null. All references must outlive the endpoint.
  Endpoint(net::EventLoop& loop, const TransportOptions& options, Application& application,
           engineio::SessionHome home, const StaticFiles* files);
  Endpoint(const Endpoint&) = delete;
  Endpoint& operator=(const Endpoint&) = delete;
  ~Endpoint();

  /// Accepts connections from this listening socket: at the end of ticks, after everything was
  /// written to those who are connected, a batch at a time. A worker that is behind (its tick has
  /// taken longer than accept_late_tick) lets them wait in the kernel's queue, for accept_pause at
  /// most: a storm of connects gets a share of its time, not all and not none. The queue stays
  /// this listener's, no other worker takes from it (docs/internals/scaling.md).
  void listen(net::UniqueFd listener);
  void stop_listening();
  /// From the next handshake on; for an endpoint that speaks TLS already.
  void use(const std::shared_ptr<const net::TlsIdentity>& identity);
  /// From the next request on.
  void use(std::shared_ptr<const Access> access) { access_ = std::move(access); }
  /// From the next packet on, of everybody.
  void use(const ConnectionLimits& limits) noexcept { limits_ = limits; }
  /// Takes a connection that another worker handed over. It is looked at after one more round of
  /// readiness, so that it can't overtake bytes of its own client that are already waiting on
  /// another socket (a GET sent right after the WebSocket's `5`).
  void adopt(HandedOver handed);

  [[nodiscard]] EngineSession* find(EngineId id) noexcept { return sessions_.find(id); }
  [[nodiscard]] FrameRef share(SharedFrame frame, const DeliveryTerms& terms = {}) {
    return frames_.share(std::move(frame), terms, loop_.now());
  }
  /// Answers an ApiRequest, if its client still waits, so that its page may read it.
  void answer(ConnectionId connection, const Connection::Answer& answer);
  /// Ends every session with this reason, for a shutdown.
  void close_all(CloseReason reason);

  /// Writes, frees, resumes. True if something waits for the next tick without an event.
  bool end_tick(TimePoint now);

  [[nodiscard]] const TransportStats& stats() const noexcept { return stats_; }
  [[nodiscard]] std::size_t connection_count() const noexcept { return connections_.size(); }
  [[nodiscard]] std::size_t session_count() const noexcept { return sessions_.size(); }

  // ---- For connections, sessions and the router ----

  [[nodiscard]] const TransportOptions& options() const noexcept { return options_; }
  [[nodiscard]] const ConnectionLimits& limits() const noexcept { return limits_; }
  [[nodiscard]] TransportStats& counters() noexcept { return stats_; }
  [[nodiscard]] net::EventLoop& loop() noexcept { return loop_; }
  [[nodiscard]] Application& application() noexcept { return application_; }
  [[nodiscard]] const Access& access() const noexcept { return *access_; }
  [[nodiscard]] const StaticFiles* files() const noexcept { return files_; }
  /// Nullptr: connections are plain.
  [[nodiscard]] net::TlsContext* tls() noexcept { return tls_.get(); }
  [[nodiscard]] OutboxPool& outboxes() noexcept { return outboxes_; }
  [[nodiscard]] FrameRun& frame_run() noexcept { return frame_run_; }
  [[nodiscard]] Backlog& backlog() noexcept { return backlog_; }
  [[nodiscard]] const Backlog& backlog() const noexcept { return backlog_; }
  [[nodiscard]] engineio::SessionHome home() const noexcept { return home_; }
  [[nodiscard]] websocket::Inflater& inflater() noexcept { return inflater_; }
  [[nodiscard]] std::span<std::byte> read_buffer() noexcept { return read_buffer_; }
  [[nodiscard]] std::string_view http_date();
  [[nodiscard]] Connection* find(ConnectionId id) noexcept { return connections_.find(id); }
  [[nodiscard]] EngineSession* find_by_key(std::string_view key) noexcept;
  EngineSession& make_session(std::size_t engine_path);

  void flush_later(Connection& connection);
  void flush_later(EngineSession& session);
  void resume_later(Connection& connection);
  void free_later(Connection& connection);
  void free_later(EngineSession& session);

 private:
  void on_io(std::uint32_t events) noexcept override;
  void admit(TimePoint tick_began);
  [[nodiscard]] bool may_admit(TimePoint tick_began, TimePoint now);
  void accept_batch(TimePoint began);
  [[nodiscard]] bool accept_one();
  void refuse_connection() noexcept;
  /// `counts`: for its peer.
  [[nodiscard]] std::optional<TurnedAway> reason_against(const net::IpAddress& peer, bool counts);
  void turn_away(int fd, const TurnedAway& away);
  Connection& make_connection(net::UniqueFd fd, const net::IpAddress& peer_address, bool counts);
  void discard(Connection& connection);
  void flush_all();
  void fetch_ahead(std::size_t index) noexcept;
  void flush(Connection& connection);
  void free_all();

  net::EventLoop& loop_;
  const TransportOptions& options_;
  Application& application_;
  const engineio::SessionHome home_;
  const StaticFiles* files_;
  std::shared_ptr<const Access> access_;
  ConnectionLimits limits_;
  TransportStats stats_;
  std::unique_ptr<net::TlsContext> tls_;  // before the connections
  websocket::Inflater inflater_;
  Backlog backlog_;
  FramePool frames_;  // before those that hold frames
  OutboxPool outboxes_;
  FrameRun frame_run_;
  std::vector<std::byte> read_buffer_;
  net::UniqueFd listener_;
  net::UniqueFd spare_fd_;      // given up to accept and refuse when descriptors run out
  bool someone_waits_ = false;  // to be accepted, in this tick
  bool accepting_paused_ = false;
  TimePoint admitted_at_{};  // the last batch

  SlotTable<Connection, ConnectionId> connections_;
  SlotTable<EngineSession, EngineId> sessions_;

  std::vector<HandedOver> adopted_;      // to look at in this tick
  std::vector<HandedOver> adopted_now_;  // arrived in this tick
  std::vector<ConnectionId> dirty_connections_;
  std::vector<EngineId> dirty_sessions_;
  std::vector<ConnectionId>
      flushed_connections_;  // the lists being worked on: their memory is kept
  std::vector<EngineId> flushed_sessions_;
  std::vector<ConnectionId> resumed_;
  std::vector<ConnectionId> dead_connections_;
  std::vector<EngineId> dead_sessions_;

  std::string http_date_;
  std::int64_t http_date_second_ = 0;
};

}  // namespace outcry::transport
