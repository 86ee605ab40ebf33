// gateway/gateway.h — the control thread's owner: where events come together and go out.
//
//   bus (Redis) ─┐
//   api (HTTP) ──┴─▶ publisher ─▶ workers that have members
//   connect ─▶ admission, recovery ─▶ the asking worker
//   join ─▶ gatekeeper ─▶ grant + snapshot ─▶ the asking worker
//
// Deliveries are posted as they come and workers are woken once for a batch: one system call for
// all that one read from Redis brought.
// Thread: the control thread (the one that runs `io`), for calls and callbacks.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "config/reload.h"
#include "gateway/audit_trail.h"
#include "gateway/bus_link.h"
#include "gateway/certificate_watch.h"
#include "gateway/client_context.h"
#include "gateway/control_link.h"
#include "gateway/cursors.h"
#include "gateway/event_history.h"
#include "gateway/event_log.h"
#include "gateway/gatekeeper.h"
#include "gateway/join_guard.h"
#include "gateway/messages.h"
#include "gateway/operations.h"
#include "gateway/parked_sockets.h"
#include "gateway/publisher.h"
#include "gateway/recent_ids.h"
#include "gateway/replay.h"
#include "gateway/returning.h"
#include "gateway/revocation_keys.h"
#include "gateway/revoker.h"
#include "gateway/room_table.h"
#include "gateway/snapshots.h"
#include "gateway/token_keys.h"
#include "gateway/user_totals.h"
#include "gateway/worker_group.h"
#include "gateway/worker_stats.h"
#include "limits/admission.h"
#include "transport/options.h"
#include "transport/static_files.h"

namespace outcry::gateway {

/// What the control thread has counted.
struct ControlStats {
  std::uint64_t publications_repeated = 0;  // with an id that was accepted before
  std::uint64_t publications_draining = 0;  // refused, for the node is going
  std::uint64_t commands = 0;               // join, leave, disconnect by a publisher
  std::uint64_t commands_refused = 0;       // unknown namespace, overload
  std::uint64_t joins_granted = 0;
  std::uint64_t joins_denied = 0;
  std::uint64_t joins_unavailable = 0;  // the store did not answer
  std::uint64_t reads_granted = 0;      // of clients, over HTTP
  std::uint64_t reads_denied = 0;
  std::uint64_t reads_unavailable = 0;
  std::array<std::uint64_t, kBanKindCount> bans{};  // begun
  std::uint64_t bans_lifted = 0;                    // by an operator
  std::array<std::uint64_t, kResyncCount>
      resyncs{};  // clients that could not have what they missed
};

class Gateway final : public Operations {
 public:
  /// Makes everything, starts nothing. Throws ConfigError for a configuration that can't be used.
  /// `io` must be run by one thread and outlive the gateway, as must `reloader`: by it the gateway
  /// takes what can change while it runs. Nullptr: nothing can.
  Gateway(boost::asio::io_context& io, const config::Config& config,
          config::Reloader* reloader = nullptr);
  ~Gateway() override;

  /// Listens and starts the workers and the bus. Throws ConfigError if the port can't be had.
  void start();
  [[nodiscard]] std::uint16_t port() const noexcept;
  /// Accepts no more, and tells every client to reconnect elsewhere. `by`: who asked, for the audit
  /// trail.
  void drain(std::string_view by);
  /// Ends the bus, the store and the workers; joins their threads. What is published after it is
  /// refused as unavailable.
  void stop();

  /// Of both ports; the operations port's are told to it from outside.
  [[nodiscard]] CertificateWatch& certificates() noexcept { return certificates_; }

  /// For what is done to the gateway from outside.
  [[nodiscard]] AuditTrail& audit() noexcept { return audit_; }

  void publish(bus::Publication publication, PublishDone done) override;
  void remove_member(MemberRemoval removal, RemovalDone done) override;
  void revoke(TokenRevocation revocation, RevocationDone done) override;
  [[nodiscard]] Result<RoomEvents> read_room(const RoomQuery& query) override;
  void receipts(ReceiptQuery query, ReceiptsDone done) override;
  [[nodiscard]] std::vector<BanInfo> bans() const override;
  bool lift_ban(const BanTarget& target, std::string_view by) override;
  [[nodiscard]] Readiness readiness() const override;
  void collect_metrics(MetricsDone done) override;

 private:
  struct Timers;
  /// A client that came back while its old connection was still there.
  struct Return {
    AdmitRequest request;
    std::optional<ParkedSocket> socket;
    int missing = 0;  // answers of workers; 0: whoever it was offered to has yet to be done
    bool forbidden = false;
  };
  /// A socket between its offer and the end of its return: no worker has it, nor is it parked.
  struct Offered {
    std::string user;
    NamespaceId namespace_id = 0;
    std::vector<std::string> rooms;
    TimePoint at{};
    bool forbidden = false;  // a right to one of them has ended meanwhile
  };

  config::Reloader::Commit prepare_reload(const config::Config& next, config::Strings& changed);
  void prepare_tls(const config::Config& next, config::Strings& changed,
                   WorkerUpdate& update) const;
  void use_keys(std::shared_ptr<const auth::TokenVerifier> verifier, bool withdrawn);
  void put_in_force(const std::shared_ptr<const WorkerUpdate>& update);
  void drain_control_mailbox();
  void take(AdmitRequest request);
  void take(KeyWanted wanted);
  void take(std::unique_ptr<SocketParked> parked);
  void take(std::unique_ptr<Reclaimed> reclaimed);
  void take(std::unique_ptr<ReturnClaim> claim);
  void take(const SocketChange& change);
  void take(const SocketGone& gone);
  void take(std::unique_ptr<JoinRequest> request);
  void take(std::unique_ptr<RoomRead> read);
  void take(std::unique_ptr<MemberCheck> check);
  void take(const JoinSettled& settled);
  void take(const JoinNoted& noted);
  void take(const RoomEmptied& emptied);
  void take(std::unique_ptr<CallbackAnswer> answer);
  void take(const UserSpent& spent);
  void take(AuditNote note);
  void take(const AuditLost& lost) { audit_.add(lost); }
  void drain_audit();
  void record_publications();
  void answer_read(const RoomRead& read, const Result<bool>& allowed);
  void answer_join(const JoinRequest& request, Result<bool> allowed);
  void remove_in_order(MemberRemoval removal, RemovalDone done);
  void remove_here(const MemberRemoval& removal, RemovalDone done);
  /// What a publisher says by an event of the server's own.
  [[nodiscard]] std::error_code take_revocation(std::string_view fields, const std::string& by);
  void post_revocations(const RevocationBatch& batch, Revoker::Counted counted);
  [[nodiscard]] std::error_code take_control_event(const bus::Publication& publication);

  void ban_began(const JoinGuard::Notice& notice);
  void tell_banned_addresses();
  void take_bus_message(bus::Message message, std::string_view channel);
  void take_command(SocketCommand::Kind kind, const bus::Audience& audience,
                    const std::vector<std::string>& rooms, std::string_view channel);
  void run_command(SocketCommand::Kind kind, const bus::Audience& audience,
                   const std::vector<std::string>& rooms);
  void accept(bus::Publication publication, std::string_view channel, Publisher::Accepted done);
  void admit(const AdmitRequest& request, Resync resync, std::unique_ptr<ReturnOffer> offer);
  void begin_return(AdmitRequest request);
  void offer(const AdmitRequest& request, ParkedSocket socket);
  void finish_return(const ReturnClaim& claim, Resync verdict);
  void fill(JoinAnswer& answer, const RoomRecord& room, const JoinRequest& request);
  [[nodiscard]] std::string cursor_room(const rooms::Room& room) const;
  void take(std::unique_ptr<CursorMove> move);
  void take(std::unique_ptr<AckMove> move);
  [[nodiscard]] std::string ack_room(const rooms::Room& room) const;
  void save_cursor(Reader reader, std::string room_key, std::uint64_t number);
  [[nodiscard]] Unacknowledged unacknowledged_at_join(
      const RoomRecord& room, const Reader& reader,
      const std::vector<transport::SharedFrame>& beside);
  void repeat_unacknowledged(const RoomRecord& room, const Reader& reader, std::uint64_t until,
                             Unacknowledged& out);
  void grant_again(const ReturnClaim& claim, ReturnAnswer& answer);
  [[nodiscard]] ReplayLimits replay_limits() const;
  void forget_socket(std::string_view sid);
  void forbid_returns(NamespaceId namespace_id, const MemberRemoval& removal);
  void expire_offers(TimePoint now);
  void load_sockets(std::vector<eventlog::StoredSession> sockets, milliseconds ago);
  void load_log();
  void start_log();
  void upkeep();
  void wake_workers();
  void wake_workers_later();
  void retry_later();
  void release_later();
  template <class F>
  void post(F&& task);
  void watch_certificates();
  void recheck_later();

  boost::asio::io_context& io_;
  const config::Config config_;
  const transport::TransportOptions transport_;
  const config::Reloader* reloader_;
  CertificateWatch certificates_;
  EventLog log_;
  AuditTrail audit_;
  SharedRules rules_;
  transport::StaticFiles files_;
  ControlWaker waker_;
  ControlMailbox mailbox_;
  std::unique_ptr<Gatekeeper> gatekeeper_;
  std::unique_ptr<TokenKeys> token_keys_;
  std::unique_ptr<Revoker> revoker_;
  std::unique_ptr<RevocationKeys> revocation_keys_;  // null: none are looked for
  std::unique_ptr<BusLink> bus_;
  WorkerGroup workers_;
  std::unique_ptr<Timers> timers_;
  limits::Admission admission_;
  JoinGuard guard_;
  UserTotals user_totals_;
  RoomTable rooms_;
  Snapshots snapshots_;
  EventHistory history_;
  Replay replay_;
  Cursors cursors_;
  ParkedSockets parked_;
  std::map<std::string, Return, std::less<>> returns_;   // by socket's id; being asked for
  std::map<std::string, Offered, std::less<>> offered_;  // by socket's id
  Publisher publisher_;
  const bool asks_for_acks_;
  RecentIds recent_ids_;
  const std::string node_;  // tells this process from others on the same Redis
  ControlStats stats_;
  bool wake_pending_ = false;
  bool release_pending_ = false;
  bool draining_ = false;
  bool stopped_ = false;
  std::uint32_t recheck_part_ = 0;
  // What is posted to `io_` may run after this object's end, and then does nothing.
  std::shared_ptr<const bool> alive_ = std::make_shared<const bool>(true);
};

}  // namespace outcry::gateway
