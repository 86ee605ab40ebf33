// eventlog/stored.h — what outlives the process, as values.
//
//   events     of class `must`, each with its durable number, until retention takes it
//   values     the newest `latest` event of each room, name and key
//   sessions   sockets that may come back, and the rooms that they were in
//   cursors    how far a user has acknowledged a room's events
//   receipts   what became of an event, socket by socket
//
// Thread: any; values.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "eventlog/position.h"

namespace outcry::eventlog {

using Strings = std::vector<std::string>;

/// What was published, as it is delivered: see bus::Publication.
struct StoredEvent {
  std::uint64_t number = 0;  // durable number; they rise, with gaps where writing failed
  WallTime at{};
  std::uint8_t retention = 0;  // index of the retention rule
  std::string namespace_name;
  bool everyone = false;
  Strings rooms;
  Strings except;
  std::string event;
  std::string arguments;
  Strings attachments;
  std::string id;

  bool operator==(const StoredEvent&) const = default;
};

/// One room's newest event of one name and key.
struct StoredValue {
  std::string namespace_name;
  std::string room;
  std::string event;
  std::uint64_t key = 0;
  WallTime at{};
  std::string packet;  // as it was sent under its own name, without its position
  Strings attachments;

  bool operator==(const StoredValue&) const = default;
};

struct StoredSession {
  std::string sid;
  std::string user;
  std::string namespace_name;
  Strings rooms;

  bool operator==(const StoredSession&) const = default;
};

/// Everything up to `number` in this room has been acknowledged by this user, on this device if
/// devices are told apart.
struct StoredCursor {
  std::string user;
  std::string room_key;  // namespace, then room (rooms::Room::key())
  std::string device;
  std::uint64_t number = 0;
  WallTime at{};

  bool operator==(const StoredCursor&) const = default;
};

struct StoredReceipt {
  std::uint64_t number = 0;  // of the event
  std::string user;
  std::string sid;
  WallTime sent{};          // written to its connection
  WallTime acknowledged{};  // zero: not yet

  bool operator==(const StoredReceipt&) const = default;
};

// ---- Changes, in the order in which they happened ----

struct SessionOpened {
  std::string sid;
  std::string user;
  std::string namespace_name;
};
struct SessionJoined {
  std::string sid;
  std::string room;
};
struct SessionLeft {
  std::string sid;
  std::string room;
};
struct SessionEnded {
  std::string sid;
};
struct ValueDropped {
  std::string namespace_name;
  std::string room;
  std::string event;
  std::uint64_t key = 0;
};

using Change = std::variant<StoredEvent, StoredValue, ValueDropped, SessionOpened, SessionJoined,
                            SessionLeft, SessionEnded, StoredCursor, StoredReceipt>;

/// How long events of one kind of room are kept; whichever limit is reached first.
struct Retention {
  std::uint64_t events_max = 1'000'000;
  std::uint64_t bytes_max = 1'073'741'824;
  std::chrono::milliseconds age_max{std::chrono::hours(24)};
};

/// What of a run's `must` events was on disk before anybody saw it: what a position of that run
/// is worth after it.
enum class Promise : std::uint8_t {
  nothing,          // some are never written
  after_clean_end,  // all are written, some after they were delivered
  always            // all are written first
};

}  // namespace outcry::eventlog
