// bus/publication.h — what a publisher asked for, free of the format that it asked in.
//
// Every source (Python pickle or JSON, Node msgpack or JSON, HTTP) ends in one of these four
// actions. `arguments` stays the JSON text that the publisher wrote wherever it wrote JSON.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace outcry::bus {

/// Which sockets of a namespace are meant: all, or the members of any of `rooms`; in both cases
/// without the members of `except`. A socket is a member of the room named by its own id.
/// `everyone == false` with no rooms means nobody.
struct Audience {
  std::string namespace_name = "/";
  bool everyone = false;
  std::vector<std::string> rooms;
  std::vector<std::string> except;

  bool operator==(const Audience&) const = default;
};

/// A Python publisher's wish to hear the first acknowledgement (spec: python-publishers §4).
/// The elements go back verbatim; `id_json` is the id's JSON text.
struct Callback {
  std::string host_id;
  std::string room;
  std::string namespace_name;
  std::string id_json;

  bool operator==(const Callback&) const = default;
};

/// One event to deliver.
struct Publication {
  Audience audience;
  std::string event;      // UTF-8, unescaped
  std::string arguments;  // valid JSON values joined by ',': `{"a":1},2`; may be empty
  std::vector<std::string> attachments;  // bytes; `arguments` holds a placeholder for each
  bool is_volatile = false;              // may be dropped when a socket isn't writable
  std::optional<Callback> callback;
  std::string id;      // idempotency id of the publisher, or empty
  std::string source;  // who published, for the audit trail: "redis:CHANNEL", "api:KEY_ID"
};

/// Makes the audience join `rooms`.
struct JoinRooms {
  Audience audience;
  std::vector<std::string> rooms;
};

/// Makes the audience leave `rooms`.
struct LeaveRooms {
  Audience audience;
  std::vector<std::string> rooms;
};

/// Disconnects the audience from the namespace (`41`), or closes its connections.
struct DisconnectSockets {
  Audience audience;
  bool close_connection = false;
};

using Message = std::variant<Publication, JoinRooms, LeaveRooms, DisconnectSockets>;

}  // namespace outcry::bus
