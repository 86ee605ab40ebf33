#include "gateway/gateway.h"

#include <algorithm>

#include <boost/asio/io_context.hpp>
#include <fmt/format.h>

#include "base/log.h"
#include "base/random.h"
#include "gateway/gateway_setup.h"
#include "gateway/gateway_timers.h"
#include "gateway/metrics.h"
#include "protocol/socketio/packet.h"

namespace outcry::gateway {
namespace {

constexpr std::size_t kControlMessages = 32 * 1024;
constexpr std::size_t kControlMessagesPerTurn = 4096;
constexpr std::chrono::hours kCertificateInterval{12};
constexpr std::size_t kNodeIdBytes = 12;

}  // namespace

Gateway::Gateway(boost::asio::io_context& io, const config::Config& config,
                 config::Reloader* reloader)
    : io_(io),
      config_(config),
      transport_(transport_options(config_, raise_file_limit())),
      reloader_(reloader),
      log_(config_),
      audit_(config_.audit),
      rules_(shared_rules(config_, log_.recovery_key())),
      files_(static_files(config_)),
      waker_([this] { post([this] { drain_control_mailbox(); }); }),
      mailbox_(waker_, kControlMessages),
      gatekeeper_(std::make_unique<Gatekeeper>(io.get_executor(), config_)),
      token_keys_(std::make_unique<TokenKeys>(
          io.get_executor(), config_,
          [this](auto verifier, bool withdrawn) { use_keys(std::move(verifier), withdrawn); })),
      revoker_(
          std::make_unique<Revoker>(io.get_executor(), config_.auth, rules_.hash,
                                    [this](const RevocationBatch& batch, Revoker::Counted counted) {
                                      post_revocations(batch, std::move(counted));
                                    })),
      workers_(rules_, transport_, files_.empty() ? nullptr : &files_, mailbox_,
               place(config_.server, net::cpu_budget())),
      timers_(std::make_unique<Timers>(io)),
      admission_(rules_.limits->limits),
      guard_(rules_.limits),
      user_totals_(rules_.limits),
      snapshots_(rooms_, {.rooms_max = config_.events.snapshot_rooms_max,
                          .bytes_max = config_.events.snapshot_bytes_max,
                          .room_bytes_max = config_.engine.outbox_bytes_max / 2}),
      history_(rooms_, config_.eventlog, log_.life(), log_.contents().last_number),
      replay_(rooms_, history_),
      cursors_(config_.recovery.cursors_max),
      parked_(rooms_, config_.recovery.sockets_max, config_.recovery.window),
      publisher_(rules_, rooms_, snapshots_, history_, workers_, log_.sink()),
      asks_for_acks_(!config_.events.acknowledge.empty()),
      recent_ids_(config_.events.ids_max),
      node_(random_id(kNodeIdBytes)) {
  guard_.on_ban = [this](const JoinGuard::Notice& notice) { ban_began(notice); };
  parked_.on_given_up = [this](std::string_view sid) { forget_socket(sid); };
  // Everybody is in these for ever: what was sent to all is never forgotten to have been.
  for (std::size_t i = 0; i < config_.socketio.namespaces.size(); ++i) {
    ++rooms_.find_or_make(static_cast<NamespaceId>(i), {}).parked;
  }
  load_log();
  if (transport_.tls) transport_.tls->forget_ticket_seed();  // the workers have it
  certificates_.use("clients", transport_.tls);
  if (audit_.rules().publications) record_publications();
  if (reloader != nullptr) {
    reloader->on_report = [this](const config::ReloadReport& report, std::string_view by) {
      audit_.add_reload(report, by);
    };
    reloader->add([this](const config::Config& next, config::Strings& changed) {
      return prepare_reload(next, changed);
    });
  }
  revoker_->on_news = [this](const TokenRevocation& revocation) {
    audit_.add_revocation(revocation);
  };
  if (!config_.auth.revocation_prefix.empty()) {
    revocation_keys_ =
        std::make_unique<RevocationKeys>(io, config_, [this](TokenRevocation revocation) {
          revocation.by = "redis";
          revoker_->revoke(revocation, RevocationSource::redis, {});
        });
  }
  if (!config_.bus.redis.empty()) {
    bus_ = std::make_unique<BusLink>(
        io, config_,
        BusLink::Handlers{.on_message =
                              [this](bus::Message message, std::string_view channel) {
                                take_bus_message(std::move(message), channel);
                              },
                          .on_batch_end = [this] { wake_workers(); }});
  }
}

Gateway::~Gateway() {
  stop();
}

// ---- Life ----

void Gateway::start() {
  const auto address = config::parse_listen_address(config_.server.listen);
  if (!address) {
    throw config::ConfigError("server.listen: not an address: " + config_.server.listen);
  }
  if (const auto error = workers_.listen(*address, config_.server.listen_backlog)) {
    throw config::ConfigError(fmt::format("server.listen: can't listen on {}: {}",
                                          config_.server.listen, error.message()));
  }
  if (const std::string warning = file_shortage(config_, raise_file_limit()); !warning.empty()) {
    log::warning("{}", warning);
  }
  audit_.start();
  workers_.start();
  token_keys_->start();
  if (revocation_keys_) revocation_keys_->start();
  start_log();
  if (bus_) bus_->start();
  if (config_.rooms.recheck.count() > 0) recheck_later();
  watch_certificates();
  log::info("serving clients on {}{} with {} workers", config_.server.listen,
            transport_.tls ? " over TLS" : "", workers_.size());
}

std::uint16_t Gateway::port() const noexcept {
  return workers_.port();
}

void Gateway::drain(std::string_view by) {
  draining_ = true;
  audit_.add_administration("drain", by);
  publisher_.release_all_paced(steady_now());
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    workers_.post(static_cast<WorkerId>(i), Drain{});
  }
  wake_workers();
}

void Gateway::stop() {
  draining_ = true;
  stopped_ = true;
  timers_->backlog.cancel();
  timers_->release.cancel();
  timers_->upkeep.cancel();
  timers_->recheck.cancel();
  timers_->certificates.cancel();
  if (bus_) bus_->stop();
  workers_.stop();
  publisher_.save_values(wall_now());  // those since the last second's
  log_.stop();
  drain_audit();
  audit_.stop();
  gatekeeper_.reset();
  token_keys_.reset();
  if (revocation_keys_) revocation_keys_->stop();
  revoker_->stop();
}

// ---- From workers ----

void Gateway::drain_control_mailbox() {
  if (stopped_) return;
  const bool more = mailbox_.drain(kControlMessagesPerTurn, [this](ToControl message) {
    std::visit([this]<class T>(T&& value) { take(std::forward<T>(value)); }, std::move(message));
  });
  wake_workers();
  if (more) waker_.wake();
}

void Gateway::take(const SocketGone& gone) {
  admission_.leave(gone.party);
}

void Gateway::take(std::unique_ptr<JoinRequest> request) {
  if (!request->question) return answer_join(*request, !request->forbidden);
  store::AccessQuestion question = *request->question;
  gatekeeper_->ask(std::move(question), [this, request = std::move(request)](Result<bool> allowed) {
    answer_join(*request, allowed);
    wake_workers_later();
  });
}

void Gateway::take(std::unique_ptr<MemberCheck> check) {
  store::AccessQuestion question = check->question;
  gatekeeper_->ask(std::move(question), [this, check = std::move(check)](Result<bool> allowed) {
    // Who doesn't answer has said nothing: a member stays.
    if (!allowed || *allowed) return;
    remove_in_order({.namespace_name = config_.socketio.namespaces[check->namespace_id],
                     .room = check->room,
                     .user = check->question.user,
                     .by = "recheck"},
                    [](const Result<std::size_t>&) {});
  });
}

void Gateway::answer_join(const JoinRequest& request, Result<bool> allowed) {
  auto answer = std::make_unique<JoinAnswer>(
      JoinAnswer{.session = request.session, .ticket = request.ticket});
  if (!allowed) {
    ++stats_.joins_unavailable;
    answer->verdict = JoinAnswer::Verdict::unavailable;
  } else if (!*allowed) {
    ++stats_.joins_denied;
    answer->verdict = JoinAnswer::Verdict::denied;
    answer->room = publisher_.target(request.namespace_id, request.room).room;
    answer->delay =
        guard_.refused({.user = request.reader.user, .address = request.address}, steady_now());
    log::info("join denied: room {} to user {}", request.room, request.reader.user);
  } else {
    ++stats_.joins_granted;
    RoomRecord& record = rooms_.find_or_make(request.namespace_id, request.room);
    answer->verdict = JoinAnswer::Verdict::granted;
    answer->room = record.room;
    fill(*answer, record, request);
    if (asks_for_acks_ && !request.member) {
      answer->unacknowledged = unacknowledged_at_join(record, request.reader, answer->frames);
    }
    answer->position = history_.position();
    // From here on events follow the answer to that worker.
    rooms_.granted(record, request.worker);
  }
  workers_.post(request.worker, std::move(answer));
}

/// The room's newest values, and the events that the client wishes for or has not acknowledged.
void Gateway::fill(JoinAnswer& answer, const RoomRecord& room, const JoinRequest& request) {
  const ReplayWish& wish = request.replay;
  std::optional<std::uint64_t> seen;
  if (cursors_.size() > 0) seen = cursors_.find(request.reader, cursor_room(*room.room));
  if (!wish.since.empty()) {
    const auto position = eventlog::parse_position(wish.since);
    seen = position ? history_.seen_by(*position) : std::nullopt;
    if (!seen) answer.resync = Resync::position;
  }
  auto part = wish.last > 0 ? replay_.last_of_room(room, wish.last, replay_limits())
              : seen        ? replay_.of_room(room, *seen, replay_limits())
                            : std::nullopt;
  if (part && !part->more) {
    answer.frames = std::move(part->frames);
    answer.replayed = part->events;
    return;
  }
  if (seen) answer.resync = Resync::too_old;
  answer.frames = Snapshots::frames_of(room);
}

void Gateway::take(const JoinSettled& settled) {
  rooms_.settled(*settled.room, settled.worker, settled.present);
}

/// A client that is told of a room must find itself in it after a crash, or be told that it lacks
/// something. The changes before this message have been added to the log.
void Gateway::take(const JoinNoted& noted) {
  const auto tell = [this, noted] {
    workers_.post(
        noted.worker,
        std::make_unique<JoinStored>(JoinStored{
            .session = noted.session, .ticket = noted.ticket, .position = history_.position()}));
    wake_workers_later();
  };
  if (log_.writer() == nullptr) return tell();
  log_.writer()->tell_when_written([this, tell] { post(tell); });
}

void Gateway::take(const RoomEmptied& emptied) {
  rooms_.emptied(*emptied.room, emptied.worker);
}

void Gateway::take(std::unique_ptr<CallbackAnswer> answer) {
  if (bus_) bus_->answer(answer->callback, answer->channel, answer->arguments);
}

// ---- Being asked ----

void Gateway::watch_certificates() {
  certificates_.warn(wall_now());
  timers_->certificates.expires_after(kCertificateInterval);
  timers_->certificates.async_wait([this, alive = std::weak_ptr(alive_)](auto error) {
    if (!error && !alive.expired()) watch_certificates();
  });
}

Readiness Gateway::readiness() const {
  Readiness out;
  out.checks.push_back(
      {.name = "accepting", .ok = !draining_, .text = draining_ ? "draining" : "yes"});
  if (bus_) {
    const bus::RedisState& state = bus_->state();
    const auto since =
        std::chrono::duration_cast<std::chrono::seconds>(steady_now() - state.since).count();
    out.checks.push_back({.name = "redis",
                          .ok = state.connected,
                          .text = state.connected ? fmt::format("subscribed for {} s", since)
                                                  : "not connected: " + state.reason});
  }
  if (log_.durable()) {
    // Told only: events go out all the same, and another node would have a log of its own.
    const bool failing = publisher_.log_failing();
    out.checks.push_back(
        {.name = "log",
         .ok = true,
         .text = failing ? "can't be written: what is missed now can't be sent again" : "written"});
  }
  audit_.append_check(out);
  if (gatekeeper_) gatekeeper_->append_checks(out);
  if (token_keys_) token_keys_->append_checks(out);
  if (revocation_keys_) revocation_keys_->append_checks(out, revoker_->settled());
  if (auto text = certificates_.readiness_text(wall_now()); !text.empty()) {
    // Told only: whether clients care is known to them, and no other node would serve them better.
    out.checks.push_back({.name = "certificates", .ok = true, .text = std::move(text)});
  }
  if (reloader_ != nullptr && reloader_->stats().last_refused) {
    out.checks.push_back(
        {.name = "configuration",
         .ok = true,  // the one in force is whole
         .text = "the last reload was refused, the old configuration is in force: see the log"});
  }
  return out;
}

void Gateway::collect_metrics(MetricsDone done) {
  struct Collection {
    MetricsDone done;
    std::vector<WorkerStats> workers;
    std::size_t missing = 0;
  };
  auto collection = std::make_shared<Collection>();
  collection->done = std::move(done);
  collection->missing = workers_.size();
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    workers_.post(
        static_cast<WorkerId>(i),
        std::make_unique<StatsRequest>([this, collection](const WorkerStats& stats) {
          post([this, collection, stats] {
            collection->workers.push_back(stats);
            if (--collection->missing > 0) return;
            MetricsSource source{
                .control = stats_, .publisher = publisher_.stats(), .workers = collection->workers};
            source.limits = admission_.counts();
            source.limits += guard_.counts();
            source.banned_users = guard_.banned_users(steady_now());
            source.banned_addresses = guard_.banned_addresses_count(steady_now());
            source.users = admission_.users();
            source.addresses = admission_.addresses();
            source.rooms =
                rooms_.size() - config_.socketio.namespaces.size();  // without those of everyone
            source.snapshots = snapshots_.size();
            source.history_events = history_.size();
            source.history_bytes = history_.bytes();
            source.parked = parked_.size();
            if (log_.writer() != nullptr) source.log = log_.writer()->stats();
            source.audit = audit_.stats();
            source.paced = publisher_.replaced();
            source.deliveries_dropped = workers_.dropped();
            source.certificates = certificates_.all();
            if (reloader_ != nullptr) source.reloads = reloader_->stats();
            if (bus_) {
              source.redis_connected = bus_->state().connected;
              source.redis = &bus_->stats();
              source.redis_publisher = &bus_->publisher_stats();
            }
            const GatekeeperStats access = gatekeeper_ ? gatekeeper_->stats() : GatekeeperStats{};
            source.access = &access;
            if (token_keys_) source.token_keys = token_keys_->stats();
            source.revocations = revoker_->stats();
            if (revocation_keys_) source.revocation_keys = revocation_keys_->stats();
            collection->done(metric_samples(source));
          });
        }));
  }
  wake_workers();
}

}  // namespace outcry::gateway
