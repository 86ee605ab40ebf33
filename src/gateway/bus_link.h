// gateway/bus_link.h — Redis, decoded: messages of every publisher come out as actions.
//
// A message that can't be decoded is counted and logged by its reason and a hash of its bytes, so
// that it can be found again, and never by its content.
// Thread: the control thread. Owner: Gateway.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bus/node_message.h"
#include "bus/publication.h"
#include "bus/python_message.h"
#include "bus/redis_publisher.h"
#include "bus/redis_subscriber.h"
#include "config/config.h"

namespace outcry::gateway {

class BusLink {
 public:
  struct Handlers {
    /// `channel`: where a callback is to be answered.
    std::function<void(bus::Message, std::string_view channel)> on_message;
    /// After the messages of one read.
    std::function<void()> on_batch_end;
  };

  /// Throws ConfigError if the URL can't be used.
  BusLink(boost::asio::io_context& io, const config::Config& config, Handlers handlers);
  ~BusLink();

  void start();
  void stop();
  /// Tells every node on this Redis, this one too, by an event of the server's own. `argument` is
  /// JSON.
  void tell_nodes(std::string_view namespace_name, std::string_view event,
                  std::string_view argument);
  void answer(const bus::Callback& callback, std::string_view channel, std::string_view arguments);

  [[nodiscard]] const bus::RedisState& state() const noexcept { return subscriber_->state(); }
  [[nodiscard]] const bus::RedisSubscriberStats& stats() const noexcept {
    return subscriber_->stats();
  }
  [[nodiscard]] const bus::RedisPublisherStats& publisher_stats() const noexcept {
    return publisher_->stats();
  }

 private:
  std::error_code decode(const bus::BusMessage& message);
  void log_refused(const bus::BusMessage& message, std::error_code error);

  Handlers handlers_;
  std::string address_;  // for logs: without secrets
  std::string channel_;  // to tell other nodes on; empty: none is configured
  bus::PythonMessageDecoder python_;
  std::vector<std::pair<std::string, bus::NodeMessageDecoder>> node_;  // by prefix
  std::unique_ptr<bus::RedisSubscriber> subscriber_;
  std::unique_ptr<bus::RedisPublisher> publisher_;
  TimePoint last_refusal_logged_{};
  std::uint64_t refusals_not_logged_ = 0;
};

}  // namespace outcry::gateway
