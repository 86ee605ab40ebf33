// gateway/worker.h — one core's owner: loop, endpoint, clients and rooms, sharing nothing.
//
//   mailbox ─▶ deliver ─▶ hub names the members ─▶ a reference into each outbox ─┐
//   sockets ─▶ endpoint ─▶ EngineClient ─▶ ClientSession ─▶ control link         ├─▶ end of tick:
//                                                                                ┘   one write each
// Thread: run() is the worker's thread; post() and wake() may be called from any.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "gateway/awaited_acks.h"
#include "gateway/client_context.h"
#include "gateway/client_session.h"
#include "gateway/engine_client.h"
#include "gateway/event_reads.h"
#include "gateway/late_answers.h"
#include "gateway/messages.h"
#include "net/event_loop.h"
#include "net/mailbox.h"
#include "net/unique_fd.h"
#include "transport/endpoint.h"

namespace outcry::gateway {

/// Messages that wait for a worker at most: few enough for the cache. What comes faster waits at
/// the sender's.
inline constexpr std::size_t kWorkerMessagesMax = 16 * 1024;

class Worker final : transport::Application, net::TickHandler {
 public:
  /// Passes a connection on to another worker; false if that one takes no more.
  using HandOver = std::function<bool(WorkerId, transport::HandedOver&&)>;

  /// All references must outlive the worker.
  Worker(WorkerId id, const SharedRules& rules, const transport::TransportOptions& transport,
         const transport::StaticFiles* files, ControlMailbox& control, HandOver hand_over);
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;
  ~Worker();

  /// Before run().
  void listen(net::UniqueFd listener) { endpoint_.listen(std::move(listener)); }
  /// Runs until a Stop message.
  void run() { loop_.run(*this); }

  /// False if the mailbox is full.
  [[nodiscard]] bool post(ToWorker&& message) { return mailbox_.post(std::move(message)); }
  void wake() { mailbox_.wake(); }

 private:
  std::optional<transport::TurnedAway> may_connect(const net::IpAddress& peer) override;
  void on_connect(const net::IpAddress& peer) override { limits_.on_connect(peer); }
  void on_disconnect(const net::IpAddress& peer) noexcept override { limits_.on_disconnect(peer); }
  std::optional<transport::TurnedAway> may_open(const net::IpAddress& client) override;
  void on_refused(const transport::RefusedRequest& request) override;
  void on_open(transport::EngineSession& session, const transport::OpenRequest& request) override;
  void on_text(transport::EngineSession& session, std::string_view text) override;
  void on_binary(transport::EngineSession& session, Bytes bytes) override;
  void on_drained(transport::EngineSession& session) override;
  void on_expiring(transport::EngineSession& session) override;
  void on_close(transport::EngineSession& session, transport::CloseReason reason) override;
  bool hand_over(WorkerId worker, transport::HandedOver&& connection) override;
  void on_api_request(const transport::ApiRequest& request) override {
    event_reads_.on_request(request);
  }
  void on_raw_message(transport::Connection& connection, Bytes message, bool is_text) override;
  bool on_tick_end(TimePoint now) noexcept override;

  void take(RoomDelivery delivery);
  void take(const std::shared_ptr<const Delivery>& delivery);
  void take(const std::shared_ptr<const SocketCommand>& command);
  void take(std::unique_ptr<AdmitAnswer> answer);
  void take(std::unique_ptr<ReturnAnswer> answer);
  void take(const std::unique_ptr<Reclaim>& reclaim);
  void take(std::unique_ptr<JoinAnswer> answer);
  void take(std::unique_ptr<transport::HandedOver> connection) {
    endpoint_.adopt(std::move(*connection));
  }
  void take(const std::unique_ptr<JoinStored>& stored);
  void take(const std::unique_ptr<RoomReadAnswer>& answer) { event_reads_.on_answer(*answer); }
  void take(std::unique_ptr<RemoveMember> removal);
  void take(std::unique_ptr<StatsRequest> request);
  void take(const std::shared_ptr<const WorkerUpdate>& update);
  void take(KeysSettled);
  void take(const std::unique_ptr<Expel>& expel);
  void take(const std::shared_ptr<const UserOver>& over) { limits_.use(*over, loop_.now()); }
  void take(const std::unique_ptr<RevokeTokens>& order);
  void take(Recheck recheck);
  void take(Drain);
  void take(Stop) { loop_.stop(); }

  void finish(JoinAnswer answer);
  void close_gap(rooms::RoomNumber room);
  void send_to(ClientSession& session, const transport::FrameRef& frame);
  void collect(const Audience& audience, std::vector<SessionId>& out);
  template <class F>
  void for_each_session(NamespaceId namespace_id, const std::vector<RoomTarget>& rooms, F&& f);
  [[nodiscard]] ClientSession* find_by_sid(NamespaceId namespace_id, std::string_view sid,
                                           rooms::RoomNumber own_room);
  void settle(const rooms::RoomRef& room);
  [[nodiscard]] bool tell(const UserSpent& spent);
  void apply(const SocketCommand& command, ClientSession& session);
  [[nodiscard]] ClientContext::OnAck on_ack_handler();
  [[nodiscard]] AuditLink::AddressOf address_of();
  void on_ack(SessionId session, std::uint64_t ack_id, std::string_view arguments);
  [[nodiscard]] EngineClient& client_of(const transport::EngineSession& session);

  const WorkerId id_;
  net::EventLoop loop_;
  net::Mailbox<ToWorker> mailbox_;
  ControlLink control_;
  HandOver hand_over_;
  ClientStats stats_;
  WorkerLimits limits_;
  auth::TokenCache tokens_;
  rooms::Hub hub_;
  ClientSessions sessions_;
  KeyWait key_wait_;
  AuditLink audit_;
  Revocations revocations_;
  ClientContext context_;
  std::deque<std::optional<EngineClient>> clients_;  // by engine slot
  LateAnswers late_answers_;
  AwaitedAcks awaited_acks_;
  std::vector<SessionId> targets_;  // of the command or awaited delivery in progress
  std::uint32_t delivery_mark_ = 0;
  std::size_t turn_ = 0;  // where the next delivery to a room begins
  EventReads event_reads_;
  transport::Endpoint endpoint_;  // last, so first to go: it refers to what is above
};

}  // namespace outcry::gateway
