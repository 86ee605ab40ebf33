// bus/redis_publisher.h — answers to publishers (acknowledgements), through a connection of its
// own: a subscribed one may not publish.
//
// What is sent here is worth something for seconds only, and a publisher that misses it has its own
// time limit. So nothing is kept while Redis is away: it is dropped and counted.
// Thread: the control thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "bus/redis_state.h"
#include "bus/redis_url.h"

namespace boost::asio {
class io_context;
}

namespace outcry::bus {

struct RedisPublisherOptions {
  RedisEndpoint endpoint;
  std::string client_name = "outcry-publisher";
  std::size_t unanswered_max = 10'000;  // messages sent and not yet answered
  std::size_t unsent_bytes_max = 8 * 1024 * 1024;
  std::chrono::milliseconds connect_timeout{2'000};
  std::chrono::milliseconds heartbeat{1'000};
  std::chrono::milliseconds silence_max{3'000};
  std::chrono::milliseconds reconnect_min{100};
  std::chrono::milliseconds reconnect_max{5'000};
};

struct RedisPublisherStats {
  std::uint64_t published = 0;       // Redis answered
  std::uint64_t dropped_away = 0;    // not connected
  std::uint64_t dropped_full = 0;    // over a limit
  std::uint64_t lost_in_flight = 0;  // sent, and the connection ended before the answer
  std::uint64_t refused = 0;         // Redis answered with an error
  std::uint64_t connects = 0;
};

class RedisPublisher {
 public:
  using OnState = std::move_only_function<void(const RedisState&)>;

  /// `io` must outlive this. `on_state` may be empty; it must not throw.
  RedisPublisher(boost::asio::io_context& io, RedisPublisherOptions options, OnState on_state = {});
  ~RedisPublisher();
  RedisPublisher(const RedisPublisher&) = delete;
  RedisPublisher& operator=(const RedisPublisher&) = delete;

  /// Begins to connect, and never gives up until stop(). Once.
  void start();
  /// Ends the connection. on_state isn't called afterwards.
  void stop();

  /// Sends `PUBLISH channel payload`. False if it was dropped; true is no promise of delivery.
  bool publish(std::string_view channel, std::string_view payload);

  [[nodiscard]] const RedisState& state() const noexcept;
  [[nodiscard]] const RedisPublisherStats& stats() const noexcept;

 private:
  struct Core;
  std::shared_ptr<Core> core_;
};

}  // namespace outcry::bus
