#include "bus/redis_key_scan.h"

#include <algorithm>
#include <utility>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/assert.h"
#include "base/backoff.h"
#include "base/log.h"
#include "bus/redis_connection.h"
#include "bus/redis_subscriber.h"
#include "protocol/resp/command.h"

namespace outcry::bus {
namespace {

namespace asio = boost::asio;

// A page may hold several times COUNT, and each of its keys is asked two things.
constexpr resp::ReplyLimits kReplyLimits{
    .elements_max = 65'536,
    .reply_bytes_max = std::size_t{8} << 20,
    .buffered_bytes_max = std::size_t{16} << 20,
};
constexpr std::string_view kPage = "500";
constexpr std::string_view kValueEnd = "31";  // the last byte's index
constexpr std::chrono::milliseconds kRetryMin{500};
constexpr std::chrono::milliseconds kRetryMax{5'000};
// Of the time between two passes, to what a pass takes: Redis has one thread for everybody.
constexpr int kPausePerPass = 19;

}  // namespace

std::chrono::nanoseconds pause_after(std::chrono::nanoseconds pass,
                                     std::chrono::nanoseconds least) noexcept {
  return std::max(least, pass * kPausePerPass);
}

struct RedisKeyScan::Core : std::enable_shared_from_this<Core> {
  Core(asio::io_context& io_context, RedisKeyScanOptions chosen, OnKeys wanted)
      : io(io_context),
        options(std::move(chosen)),
        on_keys(std::move(wanted)),
        timer(io_context),
        backoff(kRetryMin, kRetryMax) {}

  asio::awaitable<void> run();
  asio::awaitable<void> pass();
  asio::awaitable<std::optional<resp::Reply>> answer(std::shared_ptr<RedisConnection> redis);
  asio::awaitable<void> read_page(std::shared_ptr<RedisConnection> redis, resp::Reply page);
  void settle(const std::optional<RedisFailure>& failure);

  asio::io_context& io;
  const RedisKeyScanOptions options;
  OnKeys on_keys;
  asio::steady_timer timer;
  Backoff backoff;
  std::shared_ptr<RedisConnection> connection;
  std::size_t keys_in_pass = 0;
  RedisKeyScanStats stats;
  bool started = false;
  bool stopped = false;
};

asio::awaitable<void> RedisKeyScan::Core::run() {
  while (!stopped) {
    connection = std::make_shared<RedisConnection>(io, kReplyLimits);
    keys_in_pass = 0;
    const TimePoint begun = steady_now();
    co_await pass();
    const auto failure = connection->failure();
    connection->close();
    if (stopped) break;
    settle(failure);
    boost::system::error_code cancelled;  // by stop(), which the loop's condition sees
    timer.expires_after(failure ? backoff.next(backoff_random())
                                : pause_after(steady_now() - begun, options.pause));
    co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
  }
}

/// From the first key to the last, or to the connection's failure.
asio::awaitable<void> RedisKeyScan::Core::pass() {
  const std::shared_ptr<RedisConnection> redis = connection;
  if (co_await redis->open(options.endpoint, options.client_name, options.connect_timeout)) {
    co_return;
  }
  const std::string pattern = glob_escaped(options.prefix) + "*";
  std::string cursor = "0";
  do {
    std::string command;
    resp::append_command(command, {"SCAN", cursor, "MATCH", pattern, "COUNT", kPage});
    redis->arm(options.answer_timeout);
    redis->send(command);
    auto page = co_await answer(redis);
    if (!page) co_return;
    const resp::ReplyView view = page->view();
    if (view.size() != 2) {
      redis->fail_with(RedisError::refused, "SCAN was refused: " + std::string(view.text()));
      co_return;
    }
    cursor = view[0].text();
    co_await read_page(redis, *std::move(page));
    if (redis->failure() || stopped) co_return;
    redis->disarm();
    stats.left_over = keys_in_pass >= options.keys_max && cursor != "0";
  } while (cursor != "0" && !stats.left_over);
}

/// The next reply; nullopt once the connection has failed.
asio::awaitable<std::optional<resp::Reply>> RedisKeyScan::Core::answer(
    std::shared_ptr<RedisConnection> redis) {
  while (!redis->failure() && !stopped) {
    auto reply = redis->next();
    if (reply && *reply) co_return std::move(*reply);
    if (!redis->failure()) co_await redis->read();
  }
  co_return std::nullopt;
}

asio::awaitable<void> RedisKeyScan::Core::read_page(std::shared_ptr<RedisConnection> redis,
                                                    resp::Reply page) {
  const resp::ReplyView names = page.view()[1];
  std::vector<ScannedKey> keys;
  std::string commands;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const std::string_view name = names[i].text();
    if (!name.starts_with(options.prefix)) continue;
    keys.push_back({.name = std::string(name.substr(options.prefix.size())),
                    .lifetime = std::nullopt,
                    .value = {}});
    resp::append_command(commands, {"PTTL", name});
    resp::append_command(commands, {"GETRANGE", name, "0", kValueEnd});
  }
  if (keys.empty()) co_return;
  redis->send(commands);
  for (ScannedKey& key : keys) {
    const auto lifetime = co_await answer(redis);
    if (!lifetime) co_return;
    const auto value = co_await answer(redis);
    if (!value) co_return;
    const std::int64_t left = lifetime->view().integer();
    // -1: no end. -2: it has ended meanwhile.
    if (left != -1) key.lifetime = std::chrono::milliseconds(std::max<std::int64_t>(left, 0));
    if (value->view().is(resp::ReplyKind::string)) key.value = value->view().text();
  }
  keys_in_pass += keys.size();
  if (!stopped) on_keys(keys);
}

void RedisKeyScan::Core::settle(const std::optional<RedisFailure>& failure) {
  stats.keys = keys_in_pass;
  if (!failure) {
    backoff.reset();
    ++stats.passes;
    stats.completed_at = steady_now();
    stats.failure.clear();
    return;
  }
  ++stats.failures;
  if (stats.failure != failure->text) {
    log::warning("bus: keys at {} can't be looked for: {}",
                 redis_url_without_secrets(options.endpoint), failure->text);
  }
  stats.failure = failure->text;
}

RedisKeyScan::RedisKeyScan(asio::io_context& io, RedisKeyScanOptions options, OnKeys on_keys)
    : core_(std::make_shared<Core>(io, std::move(options), std::move(on_keys))) {
  OUTCRY_ASSERT(core_->on_keys && !core_->options.prefix.empty());
}

RedisKeyScan::~RedisKeyScan() {
  stop();
}

void RedisKeyScan::start() {
  OUTCRY_ASSERT(!core_->started);
  core_->started = true;
  asio::co_spawn(core_->io, core_->run(), [core = core_](const std::exception_ptr& error) {
    OUTCRY_ASSERT(error == nullptr);  // out of memory is all that is left
  });
}

void RedisKeyScan::stop() {
  if (core_->stopped) return;
  core_->stopped = true;
  if (core_->connection) core_->connection->close();
  core_->timer.cancel();
}

const RedisKeyScanStats& RedisKeyScan::stats() const noexcept {
  return core_->stats;
}

}  // namespace outcry::bus
