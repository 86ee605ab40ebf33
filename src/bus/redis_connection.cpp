#include "bus/redis_connection.h"

#include <span>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <fmt/format.h>

#include "protocol/resp/command.h"

namespace outcry::bus {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

constexpr std::size_t kReadBytes = std::size_t{256} << 10;

// `co_await` with this yields the result and leaves the outcome in `error` instead of throwing.
auto awaited(boost::system::error_code& error) {
  return asio::redirect_error(asio::use_awaitable, error);
}

}  // namespace

RedisConnection::RedisConnection(asio::io_context& io, const resp::ReplyLimits& limits)
    : io_(io),
      resolver_(io),
      socket_(io),
      deadline_(io),
      heartbeat_(io),
      decoder_(limits),
      read_buffer_(kReadBytes),
      last_received_(steady_now()) {}

asio::awaitable<std::optional<RedisFailure>> RedisConnection::open(
    const RedisEndpoint& endpoint, std::string_view client_name, std::chrono::milliseconds limit) {
  arm(limit);
  co_await connect(endpoint);
  if (!failure_) co_await log_in(endpoint, client_name);
  disarm();
  co_return failure_;
}

asio::awaitable<void> RedisConnection::connect(const RedisEndpoint& endpoint) {
  boost::system::error_code error;
  const auto addresses = co_await resolver_.async_resolve(
      endpoint.host, std::to_string(endpoint.port), awaited(error));
  if (!error && !failure_) co_await asio::async_connect(socket_, addresses, awaited(error));
  if (error) {
    fail_with(RedisError::unreachable,
              fmt::format("can't connect to {}: {}", redis_url_without_secrets(endpoint),
                          error.message()));
    co_return;
  }
  if (failure_) co_return;
  last_received_ = steady_now();
  // Without these two options the connection is slower to send and to notice a lost host: no reason
  // to give it up.
  (void)socket_.set_option(tcp::no_delay(true), error);
  (void)socket_.set_option(asio::socket_base::keep_alive(true), error);
}

asio::awaitable<void> RedisConnection::log_in(const RedisEndpoint& endpoint,
                                              std::string_view client_name) {
  std::string commands;
  std::vector<std::string_view> sent;
  if (!endpoint.password.empty() && endpoint.user.empty()) {
    resp::append_command(commands, {"AUTH", endpoint.password});
    sent.push_back("AUTH");
  } else if (!endpoint.password.empty()) {
    resp::append_command(commands, {"AUTH", endpoint.user, endpoint.password});
    sent.push_back("AUTH");
  }
  if (endpoint.database != 0) {
    resp::append_command(commands, {"SELECT", std::to_string(endpoint.database)});
    sent.push_back("SELECT");
  }
  resp::append_command(commands, {"CLIENT", "SETNAME", client_name});
  sent.push_back("CLIENT SETNAME");
  send(commands);

  for (const std::string_view command : sent) {
    auto reply = next();
    while (reply && !*reply) {
      if (co_await read()) co_return;
      reply = next();
    }
    if (!reply) co_return;
    // The name is for `CLIENT LIST` only, and an ACL may forbid to set it.
    const bool required = command != "CLIENT SETNAME";
    if (required && (*reply)->view().is(resp::ReplyKind::error)) {
      fail_with(RedisError::refused,
                fmt::format("{} was refused: {}", command, (*reply)->view().text()));
      co_return;
    }
  }
}

void RedisConnection::arm(std::chrono::milliseconds limit) {
  deadline_.expires_after(limit);
  deadline_.async_wait([self = shared_from_this(), limit](const boost::system::error_code& error) {
    // A late expiry can be under way while disarm() runs: disarm moves the expiry to the far
    // future.
    if (error || self->deadline_.expiry() > steady_now()) return;
    self->fail_with(RedisError::no_answer, fmt::format("no answer within {} ms", limit.count()));
  });
}

void RedisConnection::disarm() {
  deadline_.expires_at(TimePoint::max());
}

void RedisConnection::start_heartbeat(const RedisLiveness& liveness) {
  asio::co_spawn(io_, beat(liveness), [self = shared_from_this()](const std::exception_ptr&) {
    // Nothing in beat() throws but allocation; the silence limit of the next connection covers it.
  });
}

asio::awaitable<void> RedisConnection::beat(RedisLiveness liveness) {
  std::string ping;
  resp::append_command(ping, {"PING"});
  boost::system::error_code error;
  while (!failure_) {
    heartbeat_.expires_after(liveness.heartbeat);
    co_await heartbeat_.async_wait(awaited(error));
    if (failure_) co_return;
    if (silent_for(liveness.silence_max)) {
      fail_with(RedisError::no_answer,
                fmt::format("nothing came for {} ms", liveness.silence_max.count()));
      co_return;
    }
    // A peer that doesn't read must not make us queue PINGs.
    if (queued_.empty()) send(ping);
  }
}

bool RedisConnection::silent_for(std::chrono::milliseconds limit) const {
  if (steady_now() - last_received_ <= limit) return false;
  // After a pause of our own (a stopped process, a long tick) the answer may lie unread.
  boost::system::error_code error;
  return socket_.available(error) == 0 || error;
}

void RedisConnection::send(std::string_view bytes) {
  if (failure_) return;
  queued_.append(bytes);
  if (writing_) return;
  writing_ = true;
  asio::co_spawn(io_, flush(), [self = shared_from_this()](const std::exception_ptr&) {
    self->writing_ = false;
  });
}

std::size_t RedisConnection::unsent_bytes() const noexcept {
  return queued_.size() + being_written_.size();
}

asio::awaitable<void> RedisConnection::flush() {
  boost::system::error_code error;
  while (!queued_.empty() && !failure_) {
    being_written_.clear();
    being_written_.swap(queued_);
    co_await asio::async_write(socket_, asio::buffer(being_written_), awaited(error));
    if (error) fail_with(RedisError::connection_lost, "write failed: " + error.message());
  }
  being_written_.clear();
  writing_ = false;
}

asio::awaitable<std::optional<RedisFailure>> RedisConnection::read() {
  if (failure_) co_return failure_;
  boost::system::error_code error;
  last_read_bytes_ = co_await socket_.async_read_some(asio::buffer(read_buffer_), awaited(error));
  if (failure_) co_return failure_;
  if (error) {
    fail_with(RedisError::connection_lost,
              error == asio::error::eof ? "Redis closed the connection" : error.message());
    co_return failure_;
  }
  last_received_ = steady_now();
  if (decoder_.feed({read_buffer_.data(), last_read_bytes_})) {
    fail_with(RedisError::message_too_big, "a reply is over the limit");
  }
  co_return failure_;
}

Result<std::optional<resp::Reply>> RedisConnection::next() {
  if (failure_) return fail(failure_->code);
  auto reply = decoder_.next();
  if (reply) return reply;
  const bool too_big = reply.error() == resp::RespError::reply_too_big;
  fail_with(too_big ? RedisError::message_too_big : RedisError::protocol_violation,
            reply.error().message());
  return fail(failure_->code);
}

void RedisConnection::fail_with(RedisError code, std::string text) {
  if (failure_) return;
  failure_ = RedisFailure{code, std::move(text)};
  boost::system::error_code ignored;  // whatever close() says, the descriptor is gone
  (void)socket_.close(ignored);
  resolver_.cancel();
  deadline_.expires_at(TimePoint::max());
  heartbeat_.cancel();
}

}  // namespace outcry::bus
