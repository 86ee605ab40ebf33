// bus/python_message.h — what python-socketio and Flask-SocketIO publish, in every version.
//
//   80 04 95 …                                 up to 5.13: pickle
//   {"method": "emit", "event": "news", …}     from 5.14 on: JSON
//
// The first byte tells which. The methods are the same in both:
//
//   emit                      -> Publication
//   close_room                -> LeaveRooms         (every member leaves)
//   enter_room, leave_room    -> JoinRooms, LeaveRooms of one socket
//   disconnect                -> DisconnectSockets
//   callback, unknown methods -> nothing for us
//
// What differs is how `data` becomes arguments: a pickle tells tuples (arguments) from lists (one
// argument), JSON since 5.15.1 is always an array of arguments, JSON of 5.14.0 to 5.15.0 is one
// value, whatever it is; no version is written. See Options.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/value_tree.h"
#include "bus/field.h"
#include "bus/publication.h"
#include "protocol/pickle/pickle_decoder.h"

namespace outcry::bus {

struct PythonMessageOptions {
  /// For fleets pinned to python-socketio 5.14.0–5.15.0: an array in JSON `data` is one argument.
  bool json_legacy_args = false;
  /// Messages with this host_id are our own, come back, and are skipped. Empty: none.
  std::string own_host_id;
  /// Also bounds JSON: `bytes_max` its text, `depth_max` its nesting.
  ValueLimits limits;
};

class PythonMessageDecoder {
 public:
  explicit PythonMessageDecoder(PythonMessageOptions options = {});

  /// Decodes one message of a python channel; keeps no reference to `payload`.
  /// nullopt: well-formed, but nothing for us (callback, unknown method, our own, nobody meant).
  /// Errors: each of MessageError, and the codecs' own.
  [[nodiscard]] Result<std::optional<Message>> decode(std::string_view payload);

  /// Name of the opcode at which the last pickle was refused, for the log.
  [[nodiscard]] std::string_view refused_opcode() const noexcept {
    return pickle::refused_name(pickle_.last_opcode());
  }

 private:
  Result<std::optional<Message>> decode_json(std::string_view payload);

  PythonMessageOptions options_;
  pickle::PickleDecoder pickle_;
};

/// An event for everyone in a namespace, as a publisher writes it. `argument` is valid JSON.
[[nodiscard]] std::string encode_emit(std::string_view namespace_name, std::string_view event,
                                      std::string_view argument);

/// The reply to a publisher's callback: JSON, which every version
/// accepts. `arguments` are valid JSON values joined by ','. To be published on the same channel.
[[nodiscard]] std::string encode_callback_reply(const Callback& callback,
                                                std::string_view arguments);

}  // namespace outcry::bus
