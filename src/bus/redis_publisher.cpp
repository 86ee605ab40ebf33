#include "bus/redis_publisher.h"

#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/assert.h"
#include "base/backoff.h"
#include "base/log.h"
#include "bus/redis_connection.h"
#include "protocol/resp/command.h"

namespace outcry::bus {
namespace {

namespace asio = boost::asio;

constexpr resp::ReplyLimits kReplyLimits{
    .elements_max = 16,
    .reply_bytes_max = std::size_t{64} << 10,
    .buffered_bytes_max = std::size_t{1} << 20,
};

}  // namespace

struct RedisPublisher::Core {
  Core(asio::io_context& io_context, RedisPublisherOptions chosen, OnState wanted)
      : io(io_context),
        options(std::move(chosen)),
        on_state(std::move(wanted)),
        pause(io_context),
        backoff(options.reconnect_min, options.reconnect_max) {
    state.since = steady_now();
  }

  asio::awaitable<void> run();
  asio::awaitable<RedisFailure> session();
  void take(const resp::Reply& reply);
  void set_connected();
  void set_disconnected(const RedisFailure& failure);

  asio::io_context& io;
  RedisPublisherOptions options;
  OnState on_state;
  asio::steady_timer pause;
  Backoff backoff;
  std::shared_ptr<RedisConnection> connection;
  std::size_t unanswered = 0;
  RedisState state;
  RedisPublisherStats stats;
  bool started = false;
  bool stopped = false;
};

asio::awaitable<void> RedisPublisher::Core::run() {
  while (!stopped) {
    connection = std::make_shared<RedisConnection>(io, kReplyLimits);
    const RedisFailure failure = co_await session();
    connection->close();
    stats.lost_in_flight += std::exchange(unanswered, 0);
    if (stopped) break;
    set_disconnected(failure);
    if (stopped) break;                   // by on_state
    boost::system::error_code cancelled;  // by stop(), which the loop's condition sees
    pause.expires_after(backoff.next(backoff_random()));
    co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
  }
}

asio::awaitable<RedisFailure> RedisPublisher::Core::session() {
  const std::shared_ptr<RedisConnection> redis = connection;
  const auto refused =
      co_await redis->open(options.endpoint, options.client_name, options.connect_timeout);
  if (refused) co_return *refused;
  if (stopped) co_return RedisFailure{RedisError::connection_lost, "stopped"};
  redis->start_heartbeat({options.heartbeat, options.silence_max});
  set_connected();
  while (!redis->failure() && !stopped) {
    auto reply = redis->next();
    while (reply && *reply) {
      take(**reply);
      reply = redis->next();
    }
    if (!redis->failure()) co_await redis->read();
  }
  co_return redis->failure().value_or(RedisFailure{RedisError::connection_lost, "stopped"});
}

// Answers come in order, but need no matching: PUBLISH is answered by a number, PING by a status.
void RedisPublisher::Core::take(const resp::Reply& reply) {
  const resp::ReplyView view = reply.view();
  if (view.is(resp::ReplyKind::status)) return;
  if (unanswered > 0) --unanswered;
  if (!view.is(resp::ReplyKind::error)) {
    ++stats.published;
    return;
  }
  if (stats.refused++ == 0) log::warning("bus: PUBLISH was refused: {}", view.text());
}

void RedisPublisher::Core::set_connected() {
  backoff.reset();
  ++stats.connects;
  state = {true, steady_now(), {}, "connected to " + redis_url_without_secrets(options.endpoint)};
  if (on_state) on_state(state);
}

void RedisPublisher::Core::set_disconnected(const RedisFailure& failure) {
  const bool was_connected = state.connected;
  const bool is_news = was_connected || state.error != failure.code || state.reason != failure.text;
  const TimePoint since = was_connected ? steady_now() : state.since;
  state = {false, since, failure.code, failure.text};
  if (!is_news) return;
  log::warning("bus: can't publish to {}: {} ({})", redis_url_without_secrets(options.endpoint),
               failure.text, failure.code.message());
  if (on_state) on_state(state);
}

RedisPublisher::RedisPublisher(asio::io_context& io, RedisPublisherOptions options,
                               OnState on_state)
    : core_(std::make_shared<Core>(io, std::move(options), std::move(on_state))) {}

RedisPublisher::~RedisPublisher() {
  stop();
}

void RedisPublisher::start() {
  OUTCRY_ASSERT(!core_->started);
  core_->started = true;
  asio::co_spawn(core_->io, core_->run(), [core = core_](const std::exception_ptr& error) {
    OUTCRY_ASSERT(error == nullptr);  // out of memory is all that is left
  });
}

void RedisPublisher::stop() {
  if (core_->stopped) return;
  core_->stopped = true;
  if (core_->connection) core_->connection->close();
  core_->pause.cancel();
}

bool RedisPublisher::publish(std::string_view channel, std::string_view payload) {
  Core& core = *core_;
  if (core.stopped || !core.state.connected || core.connection->failure()) {
    ++core.stats.dropped_away;
    return false;
  }
  const std::size_t bytes = core.connection->unsent_bytes() + channel.size() + payload.size();
  if (core.unanswered >= core.options.unanswered_max || bytes > core.options.unsent_bytes_max) {
    ++core.stats.dropped_full;
    return false;
  }
  std::string command;
  resp::append_command(command, {"PUBLISH", channel, payload});
  ++core.unanswered;
  core.connection->send(command);
  return true;
}

const RedisState& RedisPublisher::state() const noexcept {
  return core_->state;
}
const RedisPublisherStats& RedisPublisher::stats() const noexcept {
  return core_->stats;
}

}  // namespace outcry::bus
