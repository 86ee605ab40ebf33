// bus/redis_connection.h — one TCP connection to Redis: from the name to its end.
//
//   open() ─▶ AUTH, SELECT, CLIENT SETNAME ─▶ send() … read(), next() … ─▶ failed, once
//
// Made for one connection and thrown away with it, so no state of the last one can leak into the
// next. Whatever ends it (the peer, a time limit, a refused command) is kept as the first failure
// and is what every later call returns. A dead peer sends no end: each heartbeat sends PING, and
// silence beyond the limit is a failure as well.
// Thread: the control thread. Owner: the session's coroutine, by shared_ptr, because operations
// that are being cancelled still refer to it.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include "base/clock.h"
#include "bus/redis_url.h"
#include "protocol/resp/reply_decoder.h"

namespace outcry::bus {

/// Why a connection ended. `text` is for people and names no secret.
struct RedisFailure {
  std::error_code code;
  std::string text;
};

struct RedisLiveness {
  std::chrono::milliseconds heartbeat{1'000};    // between PINGs
  std::chrono::milliseconds silence_max{3'000};  // no byte for so long: the peer is dead
};

class RedisConnection : public std::enable_shared_from_this<RedisConnection> {
 public:
  RedisConnection(boost::asio::io_context& io, const resp::ReplyLimits& limits);

  /// Connects and logs in; all of it within `limit` (a name's look-up ends when the resolver does).
  boost::asio::awaitable<std::optional<RedisFailure>> open(const RedisEndpoint& endpoint,
                                                           std::string_view client_name,
                                                           std::chrono::milliseconds limit);

  /// Fails with no_answer unless disarm() comes within `limit`.
  void arm(std::chrono::milliseconds limit);
  void disarm();

  /// Sends PING each heartbeat until the connection ends. Call it once, when answers are read.
  void start_heartbeat(const RedisLiveness& liveness);

  /// Queues `bytes` (whole commands); what is queued during a write goes out with one write after
  /// it. The caller bounds what it queues by unsent_bytes().
  void send(std::string_view bytes);
  [[nodiscard]] std::size_t unsent_bytes() const noexcept;

  /// Waits for bytes and takes as many as there are, up to 256 KiB. Then call next() until nullopt.
  boost::asio::awaitable<std::optional<RedisFailure>> read();
  [[nodiscard]] Result<std::optional<resp::Reply>> next();
  [[nodiscard]] std::size_t last_read_bytes() const noexcept { return last_read_bytes_; }

  /// Ends the connection; the first failure stays. A waiting read() returns it.
  void fail_with(RedisError code, std::string text);
  void close() { fail_with(RedisError::connection_lost, "closed"); }
  [[nodiscard]] const std::optional<RedisFailure>& failure() const noexcept { return failure_; }

 private:
  boost::asio::awaitable<void> connect(const RedisEndpoint& endpoint);
  boost::asio::awaitable<void> log_in(const RedisEndpoint& endpoint, std::string_view client_name);
  boost::asio::awaitable<void> flush();
  boost::asio::awaitable<void> beat(RedisLiveness liveness);
  [[nodiscard]] bool silent_for(std::chrono::milliseconds limit) const;

  boost::asio::io_context& io_;
  boost::asio::ip::tcp::resolver resolver_;
  boost::asio::ip::tcp::socket socket_;
  boost::asio::steady_timer deadline_;
  boost::asio::steady_timer heartbeat_;
  resp::ReplyDecoder decoder_;
  std::vector<char> read_buffer_;
  std::size_t last_read_bytes_ = 0;
  TimePoint last_received_;
  std::string queued_;
  std::string being_written_;
  bool writing_ = false;
  std::optional<RedisFailure> failure_;
};

}  // namespace outcry::bus
