#include "bus/redis_subscriber.h"

#include <algorithm>
#include <span>
#include <unordered_map>
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

constexpr std::size_t kChannelBytesMax = 4096;  // room for the channel's name beside the payload
constexpr std::size_t kReadBytes = std::size_t{256} << 10;

struct NodeSubscription {
  BusMessageKind kind;
  std::string namespace_name;
};

// A message over the limit is read whole and dropped, up to here: cutting the connection would lose
// what others publish until it stands again. Beyond it memory matters more.
constexpr std::size_t kDroppedBytesMax = std::size_t{32} << 20;

resp::ReplyLimits reply_limits(std::size_t message_bytes_max) {
  resp::ReplyLimits limits;
  limits.elements_max = 16;  // a pmessage has 4
  limits.reply_bytes_max = std::max(message_bytes_max, kDroppedBytesMax) + 2 * kChannelBytesMax;
  limits.buffered_bytes_max = limits.reply_bytes_max + 2 * kReadBytes;
  return limits;
}

void append_subscription(std::string& out, std::string_view command,
                         std::span<const std::string> names) {
  if (names.empty()) return;
  std::vector<std::string_view> arguments{command};
  arguments.insert(arguments.end(), names.begin(), names.end());
  resp::append_command(out, arguments);
}

}  // namespace

std::string glob_escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (std::string_view("*?[]^\\").find(c) != std::string_view::npos) out.push_back('\\');
    out.push_back(c);
  }
  return out;
}

struct RedisSubscriber::Core : std::enable_shared_from_this<Core> {
  Core(asio::io_context& io_context, RedisSubscriberOptions chosen, RedisSubscriberHandlers wanted)
      : io(io_context),
        options(std::move(chosen)),
        handlers(std::move(wanted)),
        pause(io_context),
        backoff(options.reconnect_min, options.reconnect_max) {
    state.since = steady_now();
    for (const std::string& prefix : options.node_prefixes) {
      for (const std::string& name : options.namespaces) {
        add_pattern(prefix + "#" + name + "#", BusMessageKind::node_broadcast, name);
        add_pattern(prefix + "-request#" + name + "#", BusMessageKind::node_request, name);
      }
    }
  }

  void add_pattern(const std::string& start, BusMessageKind kind, const std::string& name) {
    patterns.push_back(glob_escaped(start) + "*");
    node_subscriptions.try_emplace(patterns.back(), NodeSubscription{kind, name});
  }

  asio::awaitable<void> run();
  asio::awaitable<RedisFailure> session();
  void take(const resp::Reply& reply, std::size_t& unconfirmed);
  void take_message(BusMessage message);
  void set_connected();
  void set_disconnected(const RedisFailure& failure);

  asio::io_context& io;
  RedisSubscriberOptions options;
  RedisSubscriberHandlers handlers;
  asio::steady_timer pause;
  Backoff backoff;
  std::vector<std::string> patterns;
  std::unordered_map<std::string, NodeSubscription> node_subscriptions;  // by pattern
  std::shared_ptr<RedisConnection> connection;
  RedisState state;
  RedisSubscriberStats stats;
  std::uint64_t messages_before_read = 0;
  bool started = false;
  bool stopped = false;
};

asio::awaitable<void> RedisSubscriber::Core::run() {
  while (!stopped) {
    connection = std::make_shared<RedisConnection>(io, reply_limits(options.message_bytes_max));
    const RedisFailure failure = co_await session();
    connection->close();
    if (stopped) break;
    if (failure.code == RedisError::message_too_big) ++stats.oversize;
    set_disconnected(failure);
    if (stopped) break;                   // by on_state
    boost::system::error_code cancelled;  // by stop(), which the loop's condition sees
    pause.expires_after(backoff.next(backoff_random()));
    co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
  }
}

asio::awaitable<RedisFailure> RedisSubscriber::Core::session() {
  const std::shared_ptr<RedisConnection> redis = connection;
  const auto refused =
      co_await redis->open(options.endpoint, options.client_name, options.connect_timeout);
  if (refused) co_return *refused;

  std::string commands;
  append_subscription(commands, "SUBSCRIBE", options.python_channels);
  append_subscription(commands, "PSUBSCRIBE", patterns);
  std::size_t unconfirmed = options.python_channels.size() + patterns.size();
  redis->send(commands);
  redis->arm(options.connect_timeout);
  redis->start_heartbeat({options.heartbeat, options.silence_max});
  if (unconfirmed == 0) set_connected();

  while (!redis->failure() && !stopped) {
    auto reply = redis->next();
    while (reply && *reply && !stopped) {
      take(**reply, unconfirmed);
      if (unconfirmed == 0 && !state.connected && !redis->failure() && !stopped) set_connected();
      reply = redis->next();
    }
    if (stats.messages != messages_before_read && !stopped) {
      messages_before_read = stats.messages;
      stats.last_message_at = steady_now();
      if (handlers.on_batch_end) handlers.on_batch_end();
    }
    if (!stopped && !redis->failure()) co_await redis->read();
  }
  co_return redis->failure().value_or(RedisFailure{RedisError::connection_lost, "stopped"});
}

void RedisSubscriber::Core::take(const resp::Reply& reply, std::size_t& unconfirmed) {
  const resp::ReplyView view = reply.view();
  if (view.is(resp::ReplyKind::error)) {
    connection->fail_with(RedisError::refused,
                          "subscribing was refused: " + std::string(view.text()));
    return;
  }
  const std::string_view type = view.size() > 0 ? view[0].text() : std::string_view();
  if (type == "message" && view.size() == 3) {
    take_message({BusMessageKind::python, view[1].text(), {}, as_bytes(view[2].text())});
  } else if (type == "pmessage" && view.size() == 4) {
    const auto subscription = node_subscriptions.find(std::string(view[1].text()));
    if (subscription == node_subscriptions.end()) return;
    take_message({subscription->second.kind, view[2].text(), subscription->second.namespace_name,
                  as_bytes(view[3].text())});
  } else if (type == "subscribe" || type == "psubscribe") {
    if (unconfirmed > 0) --unconfirmed;
  }  // else: the answer to a PING
}

void RedisSubscriber::Core::take_message(BusMessage message) {
  if (message.payload.size() > options.message_bytes_max) {
    ++stats.oversize;
    return;
  }
  ++stats.messages;
  stats.bytes += message.payload.size();
  const std::error_code error = handlers.on_message(message);
  if (error) ++stats.decode_failures[error.message()];
}

void RedisSubscriber::Core::set_connected() {
  connection->disarm();
  backoff.reset();
  ++stats.connects;
  state = {true, steady_now(), {}, "subscribed at " + redis_url_without_secrets(options.endpoint)};
  log::info("bus: {}", state.reason);
  if (handlers.on_state) handlers.on_state(state);
}

void RedisSubscriber::Core::set_disconnected(const RedisFailure& failure) {
  const bool was_connected = state.connected;
  const bool is_news = was_connected || state.error != failure.code || state.reason != failure.text;
  ++(was_connected ? stats.disconnects : stats.failed_attempts);
  const TimePoint since = was_connected ? steady_now() : state.since;
  state = {false, since, failure.code, failure.text};
  if (!is_news) return;
  log::warning("bus: not subscribed at {}: {} ({})", redis_url_without_secrets(options.endpoint),
               failure.text, failure.code.message());
  if (handlers.on_state) handlers.on_state(state);
}

RedisSubscriber::RedisSubscriber(asio::io_context& io, RedisSubscriberOptions options,
                                 RedisSubscriberHandlers handlers)
    : core_(std::make_shared<Core>(io, std::move(options), std::move(handlers))) {
  OUTCRY_ASSERT(core_->handlers.on_message);
}

RedisSubscriber::~RedisSubscriber() {
  stop();
}

void RedisSubscriber::start() {
  OUTCRY_ASSERT(!core_->started);
  core_->started = true;
  asio::co_spawn(core_->io, core_->run(), [core = core_](const std::exception_ptr& error) {
    // Out of memory is all that is left: going on deaf and silent would be worse than ending.
    OUTCRY_ASSERT(error == nullptr);
  });
}

void RedisSubscriber::stop() {
  if (core_->stopped) return;
  core_->stopped = true;
  if (core_->connection) core_->connection->close();
  core_->pause.cancel();
}

const RedisState& RedisSubscriber::state() const noexcept {
  return core_->state;
}
const RedisSubscriberStats& RedisSubscriber::stats() const noexcept {
  return core_->stats;
}

}  // namespace outcry::bus
