#include "bus/python_message.h"

#include <utility>
#include <vector>

#include "base/base64.h"
#include "base/json_text.h"
#include "bus/message_error.h"

namespace outcry::bus {
namespace {

using Decoded = Result<std::optional<Message>>;

// The members of a message that have a meaning here, found in one pass.
struct Envelope {
  std::optional<Field> method, event, data, binary, namespace_name, room, skip_sid, sid, callback,
      host_id;
};

// Null and absent are the same in every place.
void set(std::optional<Field>& slot, const Field& value) {
  slot = value.is_null() ? std::nullopt : std::optional(value);
}

Envelope read_envelope(const Field& message) {
  Envelope envelope;
  message.for_each_member([&](std::string_view key, const Field& value) {
    if (key == "method") set(envelope.method, value);
    if (key == "event") set(envelope.event, value);
    if (key == "data") set(envelope.data, value);
    if (key == "binary") set(envelope.binary, value);
    if (key == "namespace") set(envelope.namespace_name, value);
    if (key == "room") set(envelope.room, value);
    if (key == "skip_sid") set(envelope.skip_sid, value);
    if (key == "sid") set(envelope.sid, value);
    if (key == "callback") set(envelope.callback, value);
    if (key == "host_id") set(envelope.host_id, value);
  });
  return envelope;
}

Result<std::string> namespace_of(const Envelope& envelope) {
  if (!envelope.namespace_name) return "/";
  auto name = envelope.namespace_name->text();
  if (!name) return fail(MessageError::wrong_namespace);
  return std::move(*name);
}

// ---- emit ----

// The rule that needs no attachments: what `data` means once it is known not to be binary.
void append_arguments(const Field& data, bool array_is_one_argument, Publication& out) {
  const bool is_list_of_arguments =
      data.is_json() ? data.is_array() && !array_is_one_argument : data.is_tuple();
  if (!is_list_of_arguments) return data.append_json(out.arguments, out.attachments);
  if (data.is_json()) {
    const auto first = data.element(0);
    if (first && first->is_null() && !data.element(1)) return;  // how emit(event, None) is written
  }
  data.append_elements(0, out.arguments, out.attachments);
}

// [structure, base64 #0, base64 #1, …]
std::error_code append_binary_arguments(const Field& data, bool array_is_one_argument,
                                        Publication& out) {
  std::optional<Field> structure;
  const bool decoded = data.for_each_element([&](const Field& part) {
    if (!structure) return structure = part, true;
    const auto text = part.text();
    auto bytes = text ? base64_decode(*text) : std::nullopt;
    if (!bytes || out.attachments.size() == kAttachmentsMax) return false;
    out.attachments.push_back(std::move(*bytes));
    return true;
  });
  if (!structure || !decoded) return MessageError::wrong_attachments;
  if (!structure->is_null()) append_arguments(*structure, array_is_one_argument, out);
  return {};
}

std::error_code read_data(const Envelope& envelope, bool array_is_one_argument, Publication& out) {
  if (!envelope.data) return {};
  const Field& data = *envelope.data;
  if (data.is_json() && envelope.binary && envelope.binary->is_true()) {
    const auto error = append_binary_arguments(data, array_is_one_argument, out);
    if (error) return error;
    const bool fit = placeholders_fit(out.arguments, out.attachments.size());
    return fit ? std::error_code() : make_error_code(MessageError::wrong_attachments);
  }
  append_arguments(data, array_is_one_argument, out);
  // A dict that only looks like a placeholder is plain data, until real attachments are beside it.
  const bool fit =
      out.attachments.empty() || placeholders_fit(out.arguments, out.attachments.size());
  return fit ? std::error_code() : make_error_code(MessageError::wrong_attachments);
}

// [room, namespace, id]; of any other length it means "no callback", as python servers read it.
std::optional<Callback> read_callback(const Envelope& envelope) {
  if (!envelope.callback || !envelope.host_id) return std::nullopt;
  const auto id = envelope.callback->element(2);
  auto host_id = envelope.host_id->text();
  if (!id || envelope.callback->element(3) || !host_id) return std::nullopt;
  auto room = envelope.callback->element(0)->name();
  auto namespace_name = envelope.callback->element(1)->text();
  if (!room || !namespace_name || !id->integer()) return std::nullopt;
  return Callback{std::move(*host_id), std::move(*room), std::move(*namespace_name),
                  std::to_string(*id->integer())};
}

Decoded read_emit(const Envelope& envelope, std::string namespace_name,
                  bool array_is_one_argument) {
  Publication out;
  auto event = envelope.event ? envelope.event->text() : std::nullopt;
  if (!event) return fail(MessageError::wrong_event);
  out.event = std::move(*event);
  out.audience.namespace_name = std::move(namespace_name);
  out.audience.everyone = !envelope.room;
  if (envelope.room) {
    auto rooms = names_of(*envelope.room);
    if (!rooms) return fail(MessageError::wrong_room);
    if (rooms->empty()) return std::nullopt;  // unlike Node's [], which means everyone
    out.audience.rooms = std::move(*rooms);
  }
  if (envelope.skip_sid) {
    auto skipped = names_of(*envelope.skip_sid);
    if (!skipped) return fail(MessageError::wrong_socket);
    out.audience.except = std::move(*skipped);
  }
  const auto error = read_data(envelope, array_is_one_argument, out);
  if (error) return fail(error);
  out.callback = read_callback(envelope);
  return out;
}

// ---- the other methods ----

Decoded read_close_room(const Envelope& envelope, std::string namespace_name) {
  auto rooms = envelope.room ? names_of(*envelope.room) : std::nullopt;
  if (!rooms) return fail(MessageError::wrong_room);
  if (rooms->empty()) return std::nullopt;
  LeaveRooms out;
  out.audience.namespace_name = std::move(namespace_name);
  out.audience.rooms = *rooms;
  out.rooms = std::move(*rooms);
  return out;
}

Result<Audience> read_socket(const Envelope& envelope, std::string namespace_name) {
  auto sid = envelope.sid ? envelope.sid->text() : std::nullopt;
  if (!sid) return fail(MessageError::wrong_socket);
  Audience audience;
  audience.namespace_name = std::move(namespace_name);
  audience.rooms.push_back(std::move(*sid));
  return audience;
}

template <class Move>
Decoded read_move(const Envelope& envelope, std::string namespace_name) {
  auto audience = read_socket(envelope, std::move(namespace_name));
  if (!audience) return fail(audience.error());
  auto room = envelope.room ? envelope.room->name() : std::nullopt;
  if (!room) return fail(MessageError::wrong_room);
  return Move{std::move(*audience), {std::move(*room)}};
}

Decoded read_disconnect(const Envelope& envelope, std::string namespace_name) {
  auto audience = read_socket(envelope, std::move(namespace_name));
  if (!audience) return fail(audience.error());
  return DisconnectSockets{std::move(*audience), false};
}

Decoded read_message(const Field& message, const PythonMessageOptions& options) {
  if (!message.is_object()) return fail(MessageError::wrong_shape);
  const Envelope envelope = read_envelope(message);
  const auto method = envelope.method ? envelope.method->text() : std::nullopt;
  if (!method) return fail(MessageError::wrong_method);
  const auto host_id = envelope.host_id ? envelope.host_id->text() : std::nullopt;
  if (host_id && !host_id->empty() && *host_id == options.own_host_id) return std::nullopt;
  auto name = namespace_of(envelope);
  if (!name) return fail(name.error());

  if (*method == "emit") return read_emit(envelope, std::move(*name), options.json_legacy_args);
  if (*method == "close_room") return read_close_room(envelope, std::move(*name));
  if (*method == "enter_room") return read_move<JoinRooms>(envelope, std::move(*name));
  if (*method == "leave_room") return read_move<LeaveRooms>(envelope, std::move(*name));
  if (*method == "disconnect") return read_disconnect(envelope, std::move(*name));
  return std::nullopt;
}

}  // namespace

PythonMessageDecoder::PythonMessageDecoder(PythonMessageOptions options)
    : options_(std::move(options)), pickle_(options_.limits) {}

Result<std::optional<Message>> PythonMessageDecoder::decode(std::string_view payload) {
  if (payload.starts_with('{')) return decode_json(payload);
  if (!payload.starts_with('\x80')) return fail(MessageError::unknown_encoding);
  const auto value = pickle_.decode(payload);
  if (!value) return fail(value.error());
  return read_message(Field(*value), options_);
}

Result<std::optional<Message>> PythonMessageDecoder::decode_json(std::string_view payload) {
  if (payload.size() > options_.limits.bytes_max) return fail(MessageError::too_big);
  if (const auto slice = json::validate(payload, options_.limits.depth_max)) {
    return read_message(Field(*slice), options_);
  }
  const auto repaired = json::repair(payload, options_.limits.depth_max);
  if (!repaired) return fail(repaired.error());
  return read_message(Field(std::string_view(*repaired)), options_);
}

std::string encode_emit(std::string_view namespace_name, std::string_view event,
                        std::string_view argument) {
  std::string out = R"({"method": "emit", "event": )";
  json::append_quoted(out, event);
  out.append(R"(, "data": )").append(argument);
  out += R"(, "namespace": )";
  json::append_quoted(out, namespace_name);
  return out + R"(, "room": null, "skip_sid": null, "callback": null, "host_id": "outcry"})";
}

std::string encode_callback_reply(const Callback& callback, std::string_view arguments) {
  std::string out = R"({"method": "callback", "host_id": )";
  json::append_quoted(out, callback.host_id);
  out += R"(, "sid": )";
  json::append_quoted(out, callback.room);
  out += R"(, "namespace": )";
  json::append_quoted(out, callback.namespace_name);
  out.append(R"(, "id": )").append(callback.id_json);
  out.append(R"(, "args": [)").append(arguments).append("]}");
  return out;
}

}  // namespace outcry::bus
