#include "gateway/gateway.h"

#include <algorithm>
#include <bit>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <fmt/format.h>

#include "base/json_text.h"
#include "base/log.h"
#include "base/random.h"
#include "gateway/gateway_setup.h"
#include "gateway/metrics.h"
#include "gateway/room_question.h"
#include "protocol/socketio/packet.h"

namespace outcry::gateway {
namespace {

constexpr std::size_t kControlMessages = 32 * 1024;
constexpr std::size_t kControlMessagesPerTurn = 4096;
constexpr std::size_t kRecentIds = 100'000;
constexpr std::chrono::hours kCertificateInterval{12};
constexpr std::chrono::milliseconds kBacklogRetry{1};
// Events of this name are for this server and its peers; no client gets one.
constexpr std::string_view kControlEvents = "outcry:";
constexpr std::size_t kNodeIdBytes = 12;
constexpr std::string_view kRemoveMember = "outcry:remove_member";

}  // namespace

struct Gateway::Timers {
  explicit Timers(boost::asio::io_context& io)
      : backlog(io), release(io), recheck(io), certificates(io) {}
  boost::asio::steady_timer backlog;
  boost::asio::steady_timer release;
  boost::asio::steady_timer recheck;
  boost::asio::steady_timer certificates;
};

Gateway::Gateway(boost::asio::io_context& io, const Config& config, Reloader* reloader)
    : io_(io),
      config_(config),
      transport_(transport_options(config_)),
      reloader_(reloader),
      rules_(shared_rules(config_)),
      files_(static_files(config_)),
      waker_([this] { post([this] { drain_control_mailbox(); }); }),
      mailbox_(waker_, kControlMessages),
      gatekeeper_(std::make_unique<Gatekeeper>(io.get_executor(), config_)),
      workers_(rules_, transport_, files_.empty() ? nullptr : &files_, mailbox_,
               place(config_.server, net::cpu_budget())),
      timers_(std::make_unique<Timers>(io)),
      admission_(rules_.limits.limits),
      snapshots_(rooms_, {.rooms_max = config_.events.snapshot_rooms_max,
                          .bytes_max = config_.events.snapshot_bytes_max,
                          .room_bytes_max = config_.engine.outbox_bytes_max / 2}),
      publisher_(rules_, rooms_, snapshots_, workers_),
      recent_ids_(kRecentIds),
      node_(random_id(kNodeIdBytes)) {
  if (transport_.tls) transport_.tls->forget_ticket_seed();  // the workers have it
  certificates_.use("clients", transport_.tls);
  if (reloader != nullptr) {
    reloader->add(
        [this](const Config& next, Strings& changed) { return prepare_reload(next, changed); });
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
  const auto address = parse_listen_address(config_.server.listen);
  if (!address) throw ConfigError("server.listen: not an address: " + config_.server.listen);
  if (const auto error = workers_.listen(*address, config_.server.listen_backlog)) {
    throw ConfigError(fmt::format("server.listen: can't listen on {}: {}", config_.server.listen,
                                  error.message()));
  }
  if (const std::string warning = raise_file_limit(config_); !warning.empty()) {
    log::warning("{}", warning);
  }
  workers_.start();
  if (bus_) bus_->start();
  if (config_.rooms.recheck.count() > 0) recheck_later();
  watch_certificates();
  log::info("serving clients on {}{} with {} workers", config_.server.listen,
            transport_.tls ? " over TLS" : "", workers_.size());
}

std::uint16_t Gateway::port() const noexcept {
  return workers_.port();
}

void Gateway::drain() {
  draining_ = true;
  publisher_.release_all();
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
  timers_->recheck.cancel();
  timers_->certificates.cancel();
  if (bus_) bus_->stop();
  workers_.stop();
  gatekeeper_.reset();
}

template <class F>
void Gateway::post(F&& task) {
  boost::asio::post(io_, [alive = std::weak_ptr(alive_), task = std::forward<F>(task)]() mutable {
    if (!alive.expired()) task();
  });
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

void Gateway::take(const AdmitRequest& request) {
  AdmitAnswer answer{
      .engine = request.engine, .party = request.party, .namespace_id = request.namespace_id};
  if (const auto refusal = admission_.admit(request.party)) {
    answer.refused = code_for_limit(refusal->limit);
    answer.retry_after_ms = static_cast<std::uint32_t>(refusal->retry_after.count());
  }
  workers_.post(request.worker, answer);
}

void Gateway::take(const SocketGone& gone) {
  admission_.leave(gone.party);
}

void Gateway::take(std::unique_ptr<JoinRequest> request) {
  if (!request->question) return answer_join(*request, true);
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
    remove_here({.namespace_name = config_.socketio.namespaces[check->namespace_id],
                 .room = check->room,
                 .user = check->question.user},
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
    log::info("join denied: room {} to user {}", request.room,
              request.question ? request.question->user : std::string());
  } else {
    ++stats_.joins_granted;
    RoomRecord& record = rooms_.find_or_make(request.namespace_id, request.room);
    answer->verdict = JoinAnswer::Verdict::granted;
    answer->room = record.room;
    answer->snapshot = Snapshots::frames_of(record);
    // From here on events follow the answer to that worker.
    rooms_.granted(record, request.worker);
  }
  workers_.post(request.worker, std::move(answer));
}

void Gateway::take(JoinSettled settled) {
  rooms_.settled(*settled.room, settled.worker, settled.present);
}

void Gateway::take(RoomEmptied emptied) {
  rooms_.emptied(*emptied.room, emptied.worker);
}

void Gateway::take(std::unique_ptr<CallbackAnswer> answer) {
  if (bus_) bus_->answer(answer->callback, answer->channel, answer->arguments);
}

// ---- Events ----

void Gateway::take_bus_message(bus::Message message, std::string_view channel) {
  if (auto* publication = std::get_if<bus::Publication>(&message)) {
    if (publication->event.starts_with(kControlEvents)) {
      if (take_control_event(*publication)) ++stats_.commands_refused;
      return;
    }
    (void)accept(std::move(*publication), channel);  // refusals are counted; nobody waits for them
  } else if (auto* join = std::get_if<bus::JoinRooms>(&message)) {
    take_command(SocketCommand::Kind::join, join->audience, join->rooms);
  } else if (auto* leave = std::get_if<bus::LeaveRooms>(&message)) {
    take_command(SocketCommand::Kind::leave, leave->audience, leave->rooms);
  } else if (auto* away = std::get_if<bus::DisconnectSockets>(&message)) {
    const auto kind =
        away->close_connection ? SocketCommand::Kind::close : SocketCommand::Kind::disconnect;
    take_command(kind, away->audience, {});
  }
}

// A join counts as granted to every worker until each has told how it went: an event that the
// publisher sends right after it must find the new members.
void Gateway::take_command(SocketCommand::Kind kind, const bus::Audience& audience,
                           const std::vector<std::string>& rooms) {
  auto resolved = publisher_.resolve(audience);
  if (!resolved || !workers_.has_room(workers_.all())) {
    ++stats_.commands_refused;
    return;
  }
  ++stats_.commands;
  auto command = std::make_shared<SocketCommand>(
      SocketCommand{.kind = kind, .audience = std::move(*resolved), .rooms = {}});
  for (const std::string& room : rooms) {
    if (room.empty()) continue;  // nobody can be moved in or out of the room of everyone
    if (kind == SocketCommand::Kind::join) {
      RoomRecord& record = rooms_.find_or_make(command->audience.namespace_id, room);
      for (std::size_t i = 0; i < workers_.size(); ++i) {
        rooms_.granted(record, static_cast<WorkerId>(i));
      }
    }
    command->rooms.push_back(publisher_.target(command->audience.namespace_id, room));
  }
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    workers_.post(static_cast<WorkerId>(i), std::shared_ptr<const SocketCommand>(command));
  }
}

// ---- Rights that have ended ----

std::error_code Gateway::take_control_event(const bus::Publication& publication) {
  if (publication.event != kRemoveMember) return PublishError::bad_command;
  const std::string list = '[' + publication.arguments + ']';
  const auto fields = json::ArrayReader(list).next();
  if (!fields || json::kind_of(*fields) != json::Kind::object) return PublishError::bad_command;
  auto room = json::string_member(*fields, "room");
  auto user = json::string_member(*fields, "user");
  if (!room || !user || room->empty() || user->empty()) return PublishError::bad_command;
  if (!rules_.namespace_id(publication.audience.namespace_name)) {
    return PublishError::unknown_namespace;
  }
  // Our own comes back, perhaps after the user has been let in again.
  if (json::string_member(*fields, "from") == node_) return {};
  remove_here({.namespace_name = publication.audience.namespace_name,
               .room = *std::move(room),
               .user = *std::move(user)},
              [](const Result<std::size_t>&) {});
  return {};
}

void Gateway::remove_member(MemberRemoval removal, RemovalDone done) {
  if (bus_) {
    std::string fields = R"({"room":)";
    json::append_quoted(fields, removal.room);
    fields += R"(,"user":)";
    json::append_quoted(fields, removal.user);
    bus_->tell_nodes(removal.namespace_name, kRemoveMember,
                     fields + R"(,"from":")" + node_ + R"("})");
  }
  remove_here(removal, std::move(done));
}

// What was granted before is on its way to the workers, and this follows it.
void Gateway::remove_here(const MemberRemoval& removal, RemovalDone done) {
  if (stopped_) return done(fail(PublishError::unavailable));
  const auto namespace_id = rules_.namespace_id(removal.namespace_name);
  if (!namespace_id) return done(fail(PublishError::unknown_namespace));
  if (const auto match = rules_.rooms.match(removal.room)) {
    const auto question = question_for(*match, *namespace_id, removal.room, removal.user);
    if (question) gatekeeper_->forget(*question);
  }
  const RoomRecord* record = rooms_.find(*namespace_id, removal.room);
  const WorkerSet present = record == nullptr ? 0 : record->present;
  if (present == 0) return done(0);
  if (!workers_.has_room(present)) return done(fail(PublishError::overloaded));
  log::info("member removed: room {}, user {}", removal.room, removal.user);

  struct Collection {
    RemovalDone done;
    std::size_t removed = 0;
    int missing = 0;
  };
  auto collection = std::make_shared<Collection>();
  collection->done = std::move(done);
  collection->missing = std::popcount(present);
  for (WorkerSet left = present; left != 0; left &= left - 1) {
    auto told = [this, collection](std::size_t count) {  // on the worker's thread
      post([collection, count] {
        collection->removed += count;
        if (--collection->missing == 0) collection->done(collection->removed);
      });
    };
    workers_.post(static_cast<WorkerId>(std::countr_zero(left)),
                  std::make_unique<RemoveMember>(RemoveMember{
                      .room = record->room, .user = removal.user, .done = std::move(told)}));
  }
  wake_workers_later();
}

/// One part of the members at a time, so that their questions come evenly.
void Gateway::recheck_later() {
  timers_->recheck.expires_after(config_.rooms.recheck / kRecheckParts);
  timers_->recheck.async_wait([this, alive = std::weak_ptr(alive_)](auto error) {
    if (error || alive.expired() || stopped_) return;
    recheck_part_ = (recheck_part_ + 1) % kRecheckParts;
    for (std::size_t i = 0; i < workers_.size(); ++i) {
      workers_.post(static_cast<WorkerId>(i), Recheck{.part = recheck_part_});
    }
    wake_workers();
    recheck_later();
  });
}

// ---- Publishing ----

void Gateway::publish(bus::Publication publication, PublishDone done) {
  if (publication.event.starts_with(kControlEvents)) {
    if (const auto error = take_control_event(publication)) return done(fail(error));
    return done(PublishReceipt{.id = std::move(publication.id), .offset = {}});
  }
  std::string id = publication.id;
  if (const auto sequence = recent_ids_.find(id)) {
    ++stats_.publications_repeated;
    return done(PublishReceipt{.id = std::move(id), .offset = publisher_.offset_of(*sequence)});
  }
  const auto sequence = accept(std::move(publication), {});
  if (!sequence) return done(fail(sequence.error()));
  recent_ids_.remember(id, *sequence);
  wake_workers_later();
  done(PublishReceipt{.id = std::move(id), .offset = publisher_.offset_of(*sequence)});
}

Result<std::uint64_t> Gateway::accept(bus::Publication publication, std::string_view channel) {
  if (draining_) {
    ++stats_.publications_draining;
    return fail(PublishError::unavailable);
  }
  return publisher_.accept(std::move(publication), channel, steady_now());
}

void Gateway::wake_workers() {
  wake_pending_ = false;
  if (workers_.wake() && !stopped_) retry_later();
  if (publisher_.next_release() && !release_pending_ && !stopped_) release_later();
}

void Gateway::release_later() {
  release_pending_ = true;
  timers_->release.expires_at(*publisher_.next_release());
  timers_->release.async_wait([this, alive = std::weak_ptr(alive_)](auto error) {
    if (error || alive.expired()) return;
    release_pending_ = false;
    publisher_.release(steady_now());
    wake_workers();
  });
}

void Gateway::retry_later() {
  timers_->backlog.expires_after(kBacklogRetry);
  timers_->backlog.async_wait([this, alive = std::weak_ptr(alive_)](auto error) {
    if (!error && !alive.expired()) wake_workers();
  });
}

void Gateway::wake_workers_later() {
  if (std::exchange(wake_pending_, true)) return;
  post([this] { wake_workers(); });
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
  if (gatekeeper_) gatekeeper_->append_checks(out);
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
            source.users = admission_.users();
            source.addresses = admission_.addresses();
            source.rooms = rooms_.size();
            source.snapshots = snapshots_.size();
            source.paced = publisher_.replaced();
            source.deliveries_dropped = workers_.dropped();
            if (bus_) {
              source.redis_connected = bus_->state().connected;
              source.redis = &bus_->stats();
              source.redis_publisher = &bus_->publisher_stats();
            }
            const GatekeeperStats access = gatekeeper_ ? gatekeeper_->stats() : GatekeeperStats{};
            source.access = &access;
            collection->done(metric_samples(source));
          });
        }));
  }
  wake_workers();
}

}  // namespace outcry::gateway
