#include "bus/node_message.h"

#include <charconv>
#include <utility>

#include "base/base64.h"
#include "base/json_text.h"
#include "bus/message_error.h"

namespace outcry::bus {
namespace {

using Decoded = Result<std::optional<Message>>;

constexpr std::int64_t kEventPacket = 2;

// Request types of the classic adapter; the other nine want answers or are answers.
enum class Request : std::int64_t { join = 2, leave = 3, disconnect = 4 };

// Message types of the sharded and the streams adapter.
enum class Sharded : std::int64_t { broadcast = 3, join = 4, leave = 5, disconnect = 6 };

struct Channel {
  bool is_request = false;
  std::string_view namespace_name;
};

// `<prefix>#<nsp>#…` or `<prefix>-request#<nsp>#`; nullopt for any other, responses among them.
std::optional<Channel> parse_channel(std::string_view text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return std::nullopt;
  text.remove_prefix(prefix.size());
  Channel channel;
  if (text.starts_with("-request#")) {
    channel.is_request = true;
    text.remove_prefix(9);
  } else if (text.starts_with('#')) {
    text.remove_prefix(1);
  } else {
    return std::nullopt;
  }
  const std::size_t end = text.find('#');
  if (end == std::string_view::npos || !text.starts_with('/')) return std::nullopt;
  channel.namespace_name = text.substr(0, end);
  return channel;
}

bool is_flag_set(const Field& opts, std::string_view name) {
  const auto flags = opts.find("flags");
  const auto flag = flags ? flags->find(name) : std::nullopt;
  return flag && flag->is_true();
}

// `rooms` empty means everyone here, so a message without `rooms` must not pass for one.
Result<Audience> read_audience(const std::optional<Field>& opts, std::string_view namespace_name) {
  const auto rooms_field = opts ? opts->find("rooms") : std::nullopt;
  if (!rooms_field || !rooms_field->is_array()) return fail(MessageError::wrong_room);
  auto rooms = names_of(*rooms_field);
  if (!rooms) return fail(MessageError::wrong_room);
  Audience audience;
  audience.namespace_name = namespace_name;
  audience.everyone = rooms->empty();
  audience.rooms = std::move(*rooms);
  const auto except_field = opts->find("except");
  if (except_field && !except_field->is_null()) {
    auto except = names_of(*except_field);
    if (!except) return fail(MessageError::wrong_room);
    audience.except = std::move(*except);
  }
  return audience;
}

Decoded read_broadcast(const Field& packet, const std::optional<Field>& opts,
                       std::string_view namespace_name) {
  const auto type = packet.find("type");
  if (!type || type->integer() != kEventPacket) return std::nullopt;
  if (const auto nsp = packet.find("nsp"); nsp && !nsp->is_null()) {
    if (nsp->text() != namespace_name) return std::nullopt;
  }
  const auto data = packet.find("data");
  const auto first = data ? data->element(0) : std::nullopt;
  if (!first) return fail(MessageError::wrong_arguments);
  auto event = first->text();
  if (!event) return fail(MessageError::wrong_event);
  auto audience = read_audience(opts, namespace_name);
  if (!audience) return fail(audience.error());

  Publication out;
  out.audience = std::move(*audience);
  out.event = std::move(*event);
  data->append_elements(1, out.arguments, out.attachments);
  if (!out.attachments.empty() && !placeholders_fit(out.arguments, out.attachments.size())) {
    return fail(MessageError::wrong_attachments);
  }
  out.is_volatile = is_flag_set(*opts, "volatile");
  return out;
}

template <class Move>
Decoded read_move(Audience audience, const std::optional<Field>& rooms_field) {
  auto rooms = rooms_field ? names_of(*rooms_field) : std::nullopt;
  if (!rooms) return fail(MessageError::wrong_room);
  return Move{std::move(audience), std::move(*rooms)};
}

bool is_close(const Field& holder) {
  const auto close = holder.find("close");
  return close && close->is_true();
}

// ---- classic ----

// [uid, {type, data, nsp}, {rooms, except, flags}]
Decoded read_classic_broadcast(const Field& message, std::string_view namespace_name,
                               std::string_view own_uid) {
  const auto packet = message.element(1);
  const auto opts = message.element(2);
  if (!opts || message.element(3)) return fail(MessageError::wrong_shape);
  if (!own_uid.empty() && message.element(0)->text() == own_uid) return std::nullopt;
  // A missing nsp means "/", not the channel's namespace.
  if (!packet->find("nsp") && namespace_name != "/") return std::nullopt;
  return read_broadcast(*packet, opts, namespace_name);
}

// {type, opts: {rooms, except}, rooms | close}, or the old form for one socket: {type, sid, room}.
// Our own uid isn't skipped: here a sender acts when its message comes back.
Decoded read_classic_request(const Field& message, std::string_view namespace_name) {
  const auto type = message.find("type");
  const auto number = type ? type->integer() : std::nullopt;
  if (!number || *number < 2 || *number > 4) return std::nullopt;

  Result<Audience> audience = Audience();
  const auto opts = message.find("opts");
  if (opts) {
    audience = read_audience(opts, namespace_name);
    if (!audience) return fail(audience.error());
  } else {
    const auto sid = message.find("sid");
    auto name = sid ? sid->text() : std::nullopt;
    if (!name) return fail(MessageError::wrong_socket);
    audience->namespace_name = namespace_name;
    audience->rooms.push_back(std::move(*name));
  }
  const auto rooms = message.find(opts ? "rooms" : "room");
  switch (static_cast<Request>(*number)) {
    case Request::join:
      return read_move<JoinRooms>(std::move(*audience), rooms);
    case Request::leave:
      return read_move<LeaveRooms>(std::move(*audience), rooms);
    case Request::disconnect:
      break;
  }
  return DisconnectSockets{std::move(*audience), is_close(message)};
}

// ---- sharded and streams ----

Decoded read_sharded(std::int64_t type, const Field& data, std::string_view namespace_name) {
  if (type == static_cast<std::int64_t>(Sharded::broadcast)) {
    if (data.find("requestId")) return std::nullopt;  // wants acknowledgements
    const auto packet = data.find("packet");
    if (!packet) return fail(MessageError::wrong_shape);
    return read_broadcast(*packet, data.find("opts"), namespace_name);
  }
  if (type < 4 || type > 6) return std::nullopt;
  auto audience = read_audience(data.find("opts"), namespace_name);
  if (!audience) return fail(audience.error());
  const auto rooms = data.find("rooms");
  switch (static_cast<Sharded>(type)) {
    case Sharded::join:
      return read_move<JoinRooms>(std::move(*audience), rooms);
    case Sharded::leave:
      return read_move<LeaveRooms>(std::move(*audience), rooms);
    default:
      return DisconnectSockets{std::move(*audience), is_close(data)};
  }
}

// {type, data, uid, nsp}
Decoded read_sharded_message(const Field& message, std::string_view namespace_name,
                             std::string_view own_uid) {
  const auto type = message.find("type");
  const auto number = type ? type->integer() : std::nullopt;
  const auto nsp = message.find("nsp");
  const auto data = message.find("data");
  if (!number || !nsp) return fail(MessageError::wrong_shape);
  if (nsp->text() != namespace_name || !data) return std::nullopt;
  const auto uid = message.find("uid");
  if (!own_uid.empty() && uid && uid->text() == own_uid) return std::nullopt;
  return read_sharded(*number, *data, namespace_name);
}

}  // namespace

NodeMessageDecoder::NodeMessageDecoder(NodeMessageOptions options)
    : options_(std::move(options)), msgpack_(options_.limits) {}

Result<std::optional<Message>> NodeMessageDecoder::decode(std::string_view channel_text,
                                                          std::string_view payload) {
  const auto channel = parse_channel(channel_text, options_.prefix);
  if (!channel) return std::nullopt;
  const auto message = parse(payload);
  if (!message) return fail(message.error());
  if (channel->is_request) {
    if (!message->is_object()) return fail(MessageError::wrong_shape);
    return read_classic_request(*message, channel->namespace_name);
  }
  if (message->is_array()) {
    return read_classic_broadcast(*message, channel->namespace_name, options_.own_uid);
  }
  if (!message->is_object()) return fail(MessageError::wrong_shape);
  return read_sharded_message(*message, channel->namespace_name, options_.own_uid);
}

Result<std::optional<Message>> NodeMessageDecoder::decode_stream_entry(const StreamEntry& entry) {
  if (entry.namespace_name.empty()) return std::nullopt;
  if (!options_.own_uid.empty() && entry.uid == options_.own_uid) return std::nullopt;
  std::int64_t type = 0;
  const char* const end = entry.type.data() + entry.type.size();
  const auto [stop, error] = std::from_chars(entry.type.data(), end, type);
  if (error != std::errc() || stop != end) return fail(MessageError::wrong_shape);

  std::optional<std::string> unwrapped;  // must outlive the Field, which views it
  if (!entry.data.starts_with('{')) {
    unwrapped = base64_decode(entry.data);
    if (!unwrapped) return fail(MessageError::unknown_encoding);
  }
  const auto data = parse(unwrapped ? std::string_view(*unwrapped) : entry.data);
  if (!data) return fail(data.error());
  if (!data->is_object()) return fail(MessageError::wrong_shape);
  return read_sharded(type, *data, entry.namespace_name);
}

// A msgpack message is never a bare number, which is what '{' and '[' would mean there.
Result<Field> NodeMessageDecoder::parse(std::string_view text) {
  if (text.size() > options_.limits.bytes_max) return fail(MessageError::too_big);
  if (text.starts_with('{') || text.starts_with('[')) {
    const auto slice = json::validate(text, options_.limits.depth_max);
    if (!slice) return fail(slice.error());
    return Field(*slice);
  }
  const auto value = msgpack_.decode(text);
  if (!value) return fail(value.error());
  return Field(*value);
}

}  // namespace outcry::bus
