// gateway/messages.h — what the control thread and the workers tell each other.
//
//   control ──▶ worker    deliver, join answered, act on sockets, stop
//   worker  ──▶ control   join wanted, room gained or lost its members, publisher's callback
//   worker  ──▶ worker    a connection whose session lives there
//
// Small values with ids, never pointers to what the other side owns; what many workers get is one
// shared immutable object. Each pair's messages keep their order, and the joins rely on it: a
// delivery that control posts after an answer finds the session in the room.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/ids.h"
#include "bus/publication.h"
#include "gateway/worker_stats.h"
#include "store/owner_store.h"
#include "transport/application.h"
#include "transport/frame.h"

namespace outcry::gateway {

/// bus::Audience with its namespace looked up.
struct Audience {
  NamespaceId namespace_id = 0;
  bool everyone = false;
  std::vector<std::string> rooms;
  std::vector<std::string> except;
};

/// A publisher's wish to hear the first acknowledgement of an event.
struct AckWish {
  std::uint64_t ack_id = 0;  // in the frames
  bus::Callback callback;
  std::string channel;  // to answer on
};

/// One event for all members of its audience. The frames are the event under its name and aliases.
struct Delivery {
  Audience audience;
  std::vector<transport::SharedFrame> frames;
  bool is_volatile = false;
  std::optional<AckWish> ack;
};

/// A publisher's command to sockets.
struct SocketCommand {
  enum class Kind : std::uint8_t { join, leave, disconnect, close };
  Kind kind = Kind::join;
  Audience audience;
  std::vector<std::string> rooms;  // to join or leave
};

struct JoinAnswer {
  enum class Verdict : std::uint8_t { granted, denied, unavailable };
  SessionId session;
  std::uint32_t ticket = 0;
  Verdict verdict = Verdict::denied;
  NamespaceId namespace_id = 0;
  std::string room;
  std::vector<transport::SharedFrame> snapshot;  // the room's newest values, if granted
};

struct StatsRequest {
  std::move_only_function<void(const WorkerStats&)> done;  // called on the worker's thread
};
struct Drain {};  // accept no more, tell all clients to reconnect elsewhere
struct Stop {};

using ToWorker = std::variant<std::shared_ptr<const Delivery>, std::shared_ptr<const SocketCommand>,
                              JoinAnswer, transport::HandedOver, StatsRequest, Drain, Stop>;

/// May this session join this room? Asked for every join by a client, so that control knows which
/// workers have members before the first event after it.
struct JoinRequest {
  WorkerId worker = 0;
  SessionId session;
  std::uint32_t ticket = 0;
  NamespaceId namespace_id = 0;
  std::string room;
  std::optional<store::OwnerQuestion> owner;  // absent: granted without asking
};

/// Follows each granted JoinAnswer: whether the worker has members of the room now.
struct JoinSettled {
  WorkerId worker = 0;
  NamespaceId namespace_id = 0;
  std::string room;
  bool present = false;
};

/// The room's first member came by a publisher's command, or its last one left.
struct RoomPresence {
  WorkerId worker = 0;
  NamespaceId namespace_id = 0;
  std::string room;
  bool present = false;
};

struct CallbackAnswer {
  bus::Callback callback;
  std::string channel;
  std::string arguments;  // JSON values joined by ','
};

using ToControl = std::variant<JoinRequest, JoinSettled, RoomPresence, CallbackAnswer>;

}  // namespace outcry::gateway
