// bus/redis_subscriber.h — everything that publishers say through Redis pub/sub, or the knowledge
// that we hear nothing.
//
//   SUBSCRIBE   tradesense_websocket           one channel carries all of python-socketio
//   PSUBSCRIBE  socket.io#/#*                  Node: broadcasts of namespace /
//               socket.io-request#/#*          Node: join, leave, disconnect
//
// Node servers count the subscribers of a request channel and wait for that many answers; patterns
// aren't counted. So we listen by pattern only, and never answer: the fleet doesn't know us.
//
// Pub/sub has no replay: what is published while we are away is gone. So the time without a
// subscription is kept short (a silent connection is given up within seconds, reconnecting never
// ends), and is visible: `on_state` is what readiness and clients are told.
// Thread: the control thread, for calls and handlers.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "bus/redis_state.h"
#include "bus/redis_url.h"

namespace boost::asio {
class io_context;
}

namespace outcry::bus {

enum class BusMessageKind : std::uint8_t { python, node_broadcast, node_request };

/// One message as it came. Borrowed: valid until the handler returns.
struct BusMessage {
  BusMessageKind kind = BusMessageKind::python;
  std::string_view channel;
  std::string_view namespace_name;  // of the subscription; empty for python, which names it inside
  Bytes payload;
};

struct RedisSubscriberOptions {
  RedisEndpoint endpoint;
  std::vector<std::string> python_channels;
  std::vector<std::string> node_prefixes;
  std::vector<std::string> namespaces{"/"};  // whose Node channels are subscribed
  std::string client_name = "outcry";        // for CLIENT LIST; no spaces
  std::size_t message_bytes_max = 1'048'576;
  std::chrono::milliseconds connect_timeout{2'000};  // to connect and log in; to confirm, again
  std::chrono::milliseconds heartbeat{1'000};
  std::chrono::milliseconds silence_max{3'000};
  std::chrono::milliseconds reconnect_min{100};
  std::chrono::milliseconds reconnect_max{5'000};
};

struct RedisSubscriberStats {
  std::uint64_t messages = 0;  // handed to on_message
  std::uint64_t bytes = 0;     // their payloads
  std::uint64_t connects = 0;  // times that all subscriptions were confirmed
  std::uint64_t disconnects = 0;
  std::uint64_t failed_attempts = 0;
  std::uint64_t oversize = 0;                            // messages beyond message_bytes_max
  std::map<std::string, std::uint64_t> decode_failures;  // by on_message's error
  TimePoint last_message_at;                             // of the last read with a message

  [[nodiscard]] std::uint64_t reconnects() const noexcept {
    return connects > 0 ? connects - 1 : 0;
  }
};

/// Handlers must not throw. They may call stop().
struct RedisSubscriberHandlers {
  /// In the order in which Redis sent them. The result says why a message couldn't be decoded; it
  /// is counted, and the next message follows.
  std::move_only_function<std::error_code(const BusMessage&)> on_message;
  /// After the messages of one read (up to 256 KiB): the moment to wake workers once for all.
  std::move_only_function<void()> on_batch_end;
  /// On each change of `connected`, and when the reason for not being connected changes.
  std::move_only_function<void(const RedisState&)> on_state;
};

class RedisSubscriber {
 public:
  /// `io` must outlive this; its thread is the control thread.
  RedisSubscriber(boost::asio::io_context& io, RedisSubscriberOptions options,
                  RedisSubscriberHandlers handlers);
  ~RedisSubscriber();
  RedisSubscriber(const RedisSubscriber&) = delete;
  RedisSubscriber& operator=(const RedisSubscriber&) = delete;

  /// Begins to connect, and never gives up until stop(). Once.
  void start();
  /// Ends the connection. No handler is called afterwards.
  void stop();

  [[nodiscard]] const RedisState& state() const noexcept;
  [[nodiscard]] const RedisSubscriberStats& stats() const noexcept;

 private:
  struct Core;
  std::shared_ptr<Core> core_;  // shared with the coroutine, which may end after this object
};

/// `text` as a glob pattern that matches only itself. (Redis: KEYS, PSUBSCRIBE.)
[[nodiscard]] std::string glob_escaped(std::string_view text);

}  // namespace outcry::bus
