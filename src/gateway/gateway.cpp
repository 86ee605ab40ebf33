#include "gateway/gateway.h"

#include <algorithm>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <fmt/format.h>

#include "base/log.h"
#include "base/random.h"
#include "gateway/event_encoder.h"
#include "gateway/gateway_setup.h"
#include "gateway/metrics.h"
#include "protocol/socketio/packet.h"

namespace outcry::gateway {
namespace {

constexpr std::size_t kControlMessages = 64 * 1024;
constexpr std::size_t kControlMessagesPerTurn = 4096;
constexpr std::size_t kRecentIds = 100'000;
// What a socket's id looks like: such a room may be on any worker. Control hears of it only when
// another socket is put into it, so what the index knows of it is not all.
constexpr std::size_t kSocketIdLength = 20;
constexpr std::chrono::seconds kStoreProbeInterval{5};
constexpr std::chrono::milliseconds kBacklogRetry{1};

}  // namespace

struct Gateway::Timers {
  explicit Timers(boost::asio::io_context& io) : backlog(io), store(io) {}
  boost::asio::steady_timer backlog;
  boost::asio::steady_timer store;
};

Gateway::Gateway(boost::asio::io_context& io, const Config& config)
    : io_(io),
      config_(config),
      transport_(transport_options(config_)),
      rules_(shared_rules(config_)),
      files_(static_files(config_)),
      waker_([this] { post([this] { drain_control_mailbox(); }); }),
      mailbox_(waker_, kControlMessages),
      workers_(rules_, transport_, files_.empty() ? nullptr : &files_, mailbox_,
               place(config_.server, net::cpu_budget())),
      timers_(std::make_unique<Timers>(io)),
      snapshots_({.rooms_max = config_.events.snapshot_rooms_max,
                  .bytes_max = config_.events.snapshot_bytes_max,
                  .room_bytes_max = config_.engine.outbox_bytes_max / 2}),
      recent_ids_(kRecentIds),
      epoch_(random_id(6)) {
  if (transport_.tls) transport_.tls->forget_ticket_seed();  // the workers have it
  if (!config_.store.url.empty()) {
    const store::SqliteStoreOptions options{
        .path = config_.store.url.substr(std::string_view("sqlite:").size()),
        .owner_query = config_.store.owner_query,
        .question_timeout = config_.store.question_timeout,
        .queue_max = config_.store.queue_max};
    std::string why;
    if (store::SqliteStore::check(options, why) == store::StoreError::bad_query) {
      throw ConfigError("store.owner_query can't be used: " + why);
    }
    sqlite_ = std::make_unique<store::SqliteStore>(io.get_executor(), options);
    owners_ = std::make_unique<store::OwnerCache>(
        *sqlite_, io.get_executor(),
        store::OwnerCacheOptions{.owned_lifetime = config_.store.cache_owned,
                                 .denied_lifetime = config_.store.cache_denied,
                                 .entries_max = config_.store.cache_entries_max});
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
  if (sqlite_) probe_store();
  log::info("serving clients on {} with {} workers", config_.server.listen, workers_.size());
}

std::uint16_t Gateway::port() const noexcept {
  return workers_.port();
}

void Gateway::drain() {
  draining_ = true;
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    workers_.post(static_cast<WorkerId>(i), Drain{});
  }
  wake_workers();
}

void Gateway::stop() {
  draining_ = true;
  stopped_ = true;
  timers_->backlog.cancel();
  timers_->store.cancel();
  if (bus_) bus_->stop();
  workers_.stop();
  owners_.reset();
  sqlite_.reset();
}

template <class F>
void Gateway::post(F&& task) {
  boost::asio::post(io_, [alive = std::weak_ptr(alive_), task = std::forward<F>(task)]() mutable {
    if (!alive.expired()) task();
  });
}

// ---- From workers ----

void Gateway::drain_control_mailbox() {
  const bool more = mailbox_.drain(kControlMessagesPerTurn, [this](ToControl message) {
    std::visit([this]<class T>(T&& value) { take(std::forward<T>(value)); }, std::move(message));
  });
  wake_workers();
  if (more) waker_.wake();
}

void Gateway::take(JoinRequest request) {
  if (!request.owner) return answer_join(request, true);
  if (!owners_) return answer_join(request, fail(store::StoreError::not_configured));
  store::OwnerQuestion question = *request.owner;
  owners_->ask(std::move(question), [this, request = std::move(request)](Result<bool> owned) {
    answer_join(request, owned);
    wake_workers_later();
  });
}

void Gateway::answer_join(const JoinRequest& request, Result<bool> owned) {
  JoinAnswer answer{.session = request.session,
                    .ticket = request.ticket,
                    .namespace_id = request.namespace_id,
                    .room = request.room};
  if (!owned) {
    ++stats_.joins_unavailable;
    answer.verdict = JoinAnswer::Verdict::unavailable;
  } else if (!*owned) {
    ++stats_.joins_denied;
    answer.verdict = JoinAnswer::Verdict::denied;
    log::info("join denied: room {} to user {}", request.room,
              request.owner ? request.owner->user : std::string());
  } else {
    ++stats_.joins_granted;
    answer.verdict = JoinAnswer::Verdict::granted;
    answer.snapshot = snapshots_.find(request.namespace_id, request.room);
    // From here on events follow the answer to that worker.
    rooms_.granted(request.worker, request.namespace_id, request.room);
  }
  workers_.post(request.worker, std::move(answer));
}

void Gateway::take(JoinSettled settled) {
  rooms_.settled(settled.worker, settled.namespace_id, settled.room, settled.present);
}

void Gateway::take(RoomPresence presence) {
  rooms_.presence(presence.worker, presence.namespace_id, presence.room, presence.present);
}

void Gateway::take(CallbackAnswer answer) {
  if (bus_) bus_->answer(answer.callback, answer.channel, answer.arguments);
}

// ---- Events ----

void Gateway::take_bus_message(bus::Message message, std::string_view channel) {
  if (auto* publication = std::get_if<bus::Publication>(&message)) {
    (void)accept(std::move(*publication), channel);  // refusals are counted; nobody waits for them
  } else if (auto* join = std::get_if<bus::JoinRooms>(&message)) {
    take_command(SocketCommand::Kind::join, join->audience, std::move(join->rooms));
  } else if (auto* leave = std::get_if<bus::LeaveRooms>(&message)) {
    take_command(SocketCommand::Kind::leave, leave->audience, std::move(leave->rooms));
  } else if (auto* away = std::get_if<bus::DisconnectSockets>(&message)) {
    const auto kind =
        away->close_connection ? SocketCommand::Kind::close : SocketCommand::Kind::disconnect;
    take_command(kind, away->audience, {});
  }
}

void Gateway::take_command(SocketCommand::Kind kind, const bus::Audience& audience,
                           std::vector<std::string> rooms) {
  auto resolved = resolve(audience);
  if (!resolved) return;
  ++stats_.commands;
  const auto command = std::make_shared<const SocketCommand>(
      SocketCommand{.kind = kind, .audience = std::move(*resolved), .rooms = std::move(rooms)});
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    workers_.post(static_cast<WorkerId>(i), command);
  }
}

void Gateway::publish(bus::Publication publication, PublishDone done) {
  const std::string id = publication.id;
  if (const std::string* offset = recent_ids_.find(id)) {
    ++stats_.publications_repeated;
    return done(PublishReceipt{.id = id, .offset = *offset});
  }
  auto offset = accept(std::move(publication), {});
  if (!offset) return done(fail(offset.error()));
  recent_ids_.remember(id, *offset);
  wake_workers_later();
  done(PublishReceipt{.id = id, .offset = std::move(*offset)});
}

Result<std::string> Gateway::accept(bus::Publication publication, std::string_view channel) {
  const auto refused = [this](PublishError error) {
    ++stats_.publications_refused;
    return fail(error);
  };
  if (draining_) return refused(PublishError::unavailable);
  auto audience = resolve(publication.audience);
  if (!audience) return refused(PublishError::unknown_namespace);
  const auto ack_id = publication.callback ? std::optional(next_ack_id_++) : std::nullopt;
  const auto frames = encode_event(publication, config_.events.aliases, ack_id);
  std::size_t bytes = 0;  // under all its names: a client gets them one after the other
  for (const transport::SharedFrame& frame : frames) bytes += frame->wire().size();
  if (bytes > config_.engine.outbox_bytes_max) return refused(PublishError::too_big);
  const WorkerSet targets = workers_for(*audience);
  // Before any of them has it: a publisher that tries again must not be heard twice.
  if (!workers_.has_room(targets)) return refused(PublishError::overloaded);
  remember_snapshot(publication, audience->namespace_id, frames);
  ++stats_.publications;
  if (targets == 0) ++stats_.publications_unheard;

  auto delivery = std::make_shared<Delivery>();
  delivery->audience = std::move(*audience);
  delivery->frames = frames;
  delivery->is_volatile = publication.is_volatile;
  if (ack_id) {
    delivery->ack = AckWish{.ack_id = *ack_id,
                            .callback = std::move(*publication.callback),
                            .channel = std::string(channel)};
  }
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    if ((targets >> i & 1) == 0) continue;
    workers_.post(static_cast<WorkerId>(i), std::shared_ptr<const Delivery>(delivery));
  }
  return fmt::format("{}.{}", epoch_, ++sequence_);
}

void Gateway::remember_snapshot(const bus::Publication& publication, NamespaceId namespace_id,
                                const std::vector<transport::SharedFrame>& frames) {
  const Strings& events = config_.events.snapshot;
  const bool kept = !publication.callback && !publication.audience.everyone &&
                    std::ranges::find(events, publication.event) != events.end();
  if (!kept) return;
  for (const std::string& room : publication.audience.rooms) {
    snapshots_.store(namespace_id, room, publication.event, frames);
  }
}

std::optional<Audience> Gateway::resolve(const bus::Audience& audience) const {
  const auto id = rules_.namespace_id(audience.namespace_name);
  if (!id) return std::nullopt;
  return Audience{.namespace_id = *id,
                  .everyone = audience.everyone,
                  .rooms = audience.rooms,
                  .except = audience.except};
}

WorkerSet Gateway::workers_for(const Audience& audience) const {
  if (audience.everyone) return workers_.all();
  WorkerSet out = 0;
  for (const std::string& room : audience.rooms) {
    if (room.size() == kSocketIdLength) return workers_.all();
    out |= rooms_.workers_with(audience.namespace_id, room);
  }
  return out;
}

void Gateway::wake_workers() {
  wake_pending_ = false;
  if (workers_.wake() && !stopped_) retry_later();
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

// Asked beside the cache, so that readiness speaks of the database as it is now.
void Gateway::probe_store() {
  if (stopped_) return;
  sqlite_->ask({.object_id = "readiness", .user = "readiness"},
               [this, alive = std::weak_ptr(alive_)](Result<bool> answer) {
                 if (alive.expired()) return;
                 store_ok_ = answer.has_value();
                 store_text_ = store_ok_ ? "answers" : answer.error().message();
               });
  timers_->store.expires_after(kStoreProbeInterval);
  timers_->store.async_wait([this, alive = std::weak_ptr(alive_)](auto error) {
    if (!error && !alive.expired()) probe_store();
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
  if (sqlite_) out.checks.push_back({.name = "store", .ok = store_ok_, .text = store_text_});
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
    workers_.post(static_cast<WorkerId>(i),
                  StatsRequest{[this, collection](const WorkerStats& stats) {
                    post([this, collection, stats] {
                      collection->workers.push_back(stats);
                      if (--collection->missing > 0) return;
                      MetricsSource source{.control = stats_, .workers = collection->workers};
                      source.rooms = rooms_.size();
                      source.snapshots = snapshots_.size();
                      source.deliveries_dropped = workers_.dropped();
                      if (bus_) {
                        source.redis_connected = bus_->state().connected;
                        source.redis = &bus_->stats();
                        source.redis_publisher = &bus_->publisher_stats();
                      }
                      std::optional<store::OwnerCacheStats> cache;
                      if (owners_) cache = owners_->stats();
                      if (cache) source.owner_cache = &*cache;
                      collection->done(metric_samples(source));
                    });
                  }});
  }
  wake_workers();
}

}  // namespace outcry::gateway
