#include "gateway/bus_link.h"

#include <array>

#include <fmt/format.h>
#include <openssl/evp.h>

#include "base/log.h"

namespace outcry::gateway {
namespace {

// A publisher gone wrong repeats itself: one line a second tells enough, the counter tells the
// rest.
constexpr std::chrono::seconds kRefusalLogInterval{1};

/// The first 8 bytes of SHA-256, as `redis-cli … | sha256sum` would show them.
std::string short_hash(Bytes bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, EVP_sha256(), nullptr) != 1) {
    return "unavailable";
  }
  std::string out;
  for (std::size_t i = 0; i < 8; ++i) out += fmt::format("{:02x}", digest[i]);
  return out;
}

ValueLimits limits_of(const config::Config& config) {
  ValueLimits limits;
  limits.bytes_max = config.bus.message_bytes_max;
  return limits;
}

}  // namespace

BusLink::BusLink(boost::asio::io_context& io, const config::Config& config, Handlers handlers)
    : handlers_(std::move(handlers)),
      python_(
          {.json_legacy_args = config.bus.python_json_legacy_args, .limits = limits_of(config)}) {
  const auto endpoint = bus::parse_redis_url(config.bus.redis);
  if (!endpoint) throw config::ConfigError("bus.redis: " + endpoint.error().message());
  address_ = bus::redis_url_without_secrets(*endpoint);
  if (!config.bus.python_channels.empty()) channel_ = config.bus.python_channels.front();
  for (const std::string& prefix : config.bus.node_prefixes) {
    node_.emplace_back(prefix,
                       bus::NodeMessageDecoder({.prefix = prefix, .limits = limits_of(config)}));
  }
  bus::RedisSubscriberHandlers bus_handlers;
  bus_handlers.on_message = [this](const bus::BusMessage& message) {
    const std::error_code error = decode(message);
    if (error) log_refused(message, error);
    return error;
  };
  bus_handlers.on_batch_end = [this] { handlers_.on_batch_end(); };
  bus_handlers.on_state = [this](const bus::RedisState& state) {
    if (state.connected) {
      log::info("redis: subscribed at {}", address_);
    } else {
      log::warning("redis: not connected to {}: {}", address_, state.reason);
    }
  };
  subscriber_ = std::make_unique<bus::RedisSubscriber>(
      io,
      bus::RedisSubscriberOptions{.endpoint = *endpoint,
                                  .python_channels = config.bus.python_channels,
                                  .node_prefixes = config.bus.node_prefixes,
                                  .namespaces = config.socketio.namespaces,
                                  .message_bytes_max = config.bus.message_bytes_max,
                                  .connect_timeout = config.bus.connect_timeout,
                                  .heartbeat = config.bus.heartbeat,
                                  .reconnect_min = config.bus.reconnect_min,
                                  .reconnect_max = config.bus.reconnect_max},
      std::move(bus_handlers));
  publisher_ = std::make_unique<bus::RedisPublisher>(
      io, bus::RedisPublisherOptions{.endpoint = *endpoint,
                                     .connect_timeout = config.bus.connect_timeout,
                                     .heartbeat = config.bus.heartbeat,
                                     .reconnect_min = config.bus.reconnect_min,
                                     .reconnect_max = config.bus.reconnect_max});
}

BusLink::~BusLink() = default;

void BusLink::start() {
  subscriber_->start();
  publisher_->start();
}

void BusLink::stop() {
  subscriber_->stop();
  publisher_->stop();
}

std::error_code BusLink::decode(const bus::BusMessage& message) {
  const auto give = [&](Result<std::optional<bus::Message>>&& decoded) -> std::error_code {
    if (!decoded) return decoded.error();
    if (*decoded) handlers_.on_message(std::move(**decoded), message.channel);
    return {};
  };
  const std::string_view payload = as_text(message.payload);
  if (message.kind == bus::BusMessageKind::python) return give(python_.decode(payload));
  for (auto& [prefix, decoder] : node_) {
    const std::string_view rest =
        message.channel.substr(std::min(prefix.size(), message.channel.size()));
    const bool ours = message.channel.starts_with(prefix) &&
                      (rest.starts_with('#') || rest.starts_with("-request#"));
    if (ours) return give(decoder.decode(message.channel, payload));
  }
  return {};
}

void BusLink::log_refused(const bus::BusMessage& message, std::error_code error) {
  const TimePoint now = steady_now();
  if (now - last_refusal_logged_ < kRefusalLogInterval) {
    ++refusals_not_logged_;
    return;
  }
  last_refusal_logged_ = now;
  const bool is_pickle = message.kind == bus::BusMessageKind::python && !message.payload.empty() &&
                         message.payload.front() == std::byte{0x80};
  log::warning(
      "publication refused: {}{}{}; channel {}, {} bytes, sha256 {}…; {} more since the last",
      error.message(), is_pickle ? " at opcode " : "",
      is_pickle ? python_.refused_opcode() : std::string_view(), message.channel,
      message.payload.size(), short_hash(message.payload), std::exchange(refusals_not_logged_, 0));
}

void BusLink::tell_nodes(std::string_view namespace_name, std::string_view event,
                         std::string_view argument) {
  if (channel_.empty()) return;
  if (!publisher_->publish(channel_, bus::encode_emit(namespace_name, event, argument))) {
    log::warning("redis: {} was not told to the other nodes", event);
  }
}

void BusLink::answer(const bus::Callback& callback, std::string_view channel,
                     std::string_view arguments) {
  publisher_->publish(channel, bus::encode_callback_reply(callback, arguments));
}

}  // namespace outcry::gateway
