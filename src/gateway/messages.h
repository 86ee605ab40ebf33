// gateway/messages.h — what the control thread and the workers tell each other.
//
//   control ──▶ worker    deliver, socket admitted, join answered, act on sockets, stop
//   worker  ──▶ control   socket wanted and gone, join wanted, room lost its members, callback
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
#include "gateway/codes.h"
#include "gateway/worker_stats.h"
#include "limits/limits.h"
#include "net/tls_identity.h"
#include "rooms/room.h"
#include "store/access.h"
#include "transport/application.h"
#include "transport/frame.h"

namespace outcry::gateway {

/// A room that a publisher named. Its members are those of `room`, if such a room exists, and the
/// socket of this id, if the name could be one: a socket is in the room of its own name.
struct RoomTarget {
  rooms::RoomRef room;
  std::string socket_id;  // empty: the name isn't of that form
};

/// bus::Audience with its namespace and rooms looked up.
struct Audience {
  NamespaceId namespace_id = 0;
  bool everyone = false;
  std::vector<RoomTarget> rooms;
  std::vector<RoomTarget> except;
};

/// A publisher's wish to hear the first acknowledgement of an event.
struct AckWish {
  std::uint64_t ack_id = 0;  // in the frames
  bus::Callback callback;
  std::string channel;  // to answer on
};

/// One frame for all members of one room: nearly every delivery.
struct RoomDelivery {
  rooms::RoomNumber room = 0;
  transport::SharedFrame frame;
  transport::DeliveryTerms terms;
};

/// One event for any audience. The frames are the event under its name and aliases; the terms are
/// the first one's, each further one's key is one higher.
struct Delivery {
  Audience audience;
  std::vector<transport::SharedFrame> frames;
  transport::DeliveryTerms terms;
  std::optional<AckWish> ack;
};

/// A publisher's command to sockets. A join counts as granted, and is settled like one.
struct SocketCommand {
  enum class Kind : std::uint8_t { join, leave, disconnect, close };
  Kind kind = Kind::join;
  Audience audience;
  std::vector<RoomTarget> rooms;  // to join or leave
};

/// The answer to AdmitRequest. Admitted means counted, also if the socket is gone by now.
struct AdmitAnswer {
  EngineId engine;
  limits::Party party;
  std::uint32_t retry_after_ms = 0;
  std::optional<Code> refused;
  NamespaceId namespace_id = 0;
};

struct JoinAnswer {
  enum class Verdict : std::uint8_t { granted, denied, unavailable };
  SessionId session;
  std::uint32_t ticket = 0;
  Verdict verdict = Verdict::denied;
  rooms::RoomRef room;  // null if it is denied and nobody is in such a room
  std::vector<transport::SharedFrame> snapshot;  // the room's newest values, if granted
};

/// This user's sockets shall leave this room, and be told.
struct RemoveMember {
  rooms::RoomRef room;
  std::string user;
  std::move_only_function<void(std::size_t)> done;  // how many; called on the worker's thread
};

/// The sockets of this part of the slots shall have their rights looked at again.
struct Recheck {
  std::uint32_t part = 0;  // of kRecheckParts
};
inline constexpr std::uint32_t kRecheckParts = 64;

struct StatsRequest {
  std::move_only_function<void(const WorkerStats&)> done;  // called on the worker's thread
};
/// What a reload changes for workers, each part null if it stays as it is. A part is one immutable
/// object that all workers share and each swaps for the one before, between two ticks.
struct WorkerUpdate {
  std::shared_ptr<const net::TlsIdentity> tls;
  std::shared_ptr<const transport::Access> access;
};

struct Drain {};  // accept no more, tell all clients to reconnect elsewhere
struct Stop {};

/// Small, for the mailbox holds thousands: what is seldom or big travels in a box.
using ToWorker =
    std::variant<RoomDelivery, std::shared_ptr<const Delivery>,
                 std::shared_ptr<const SocketCommand>, AdmitAnswer, std::unique_ptr<JoinAnswer>,
                 std::unique_ptr<transport::HandedOver>, std::unique_ptr<RemoveMember>,
                 std::unique_ptr<StatsRequest>, std::shared_ptr<const WorkerUpdate>, Recheck, Drain,
                 Stop>;

/// May this engine session, whose token was verified, have a socket in this namespace? Asked for
/// every CONNECT, for control alone knows how many a user has over all workers.
struct AdmitRequest {
  WorkerId worker = 0;
  NamespaceId namespace_id = 0;
  EngineId engine;
  limits::Party party;
};

/// An admitted socket is no more.
struct SocketGone {
  limits::Party party;
};

/// May this session join this room? Asked for every join by a client, so that control knows which
/// workers have members before the first event after it.
struct JoinRequest {
  WorkerId worker = 0;
  SessionId session;
  std::uint32_t ticket = 0;
  NamespaceId namespace_id = 0;
  std::string room;
  std::optional<store::AccessQuestion> question;  // absent: granted without asking
};

/// May this member stay? Answered by a RemoveMember, or not at all.
struct MemberCheck {
  NamespaceId namespace_id = 0;
  std::string room;
  store::AccessQuestion question;
};

/// Follows each granted JoinAnswer, and a command's join: whether the worker has members of the
/// room now.
struct JoinSettled {
  WorkerId worker = 0;
  rooms::RoomRef room;
  bool present = false;
};

/// The room's last member on this worker has left.
struct RoomEmptied {
  WorkerId worker = 0;
  rooms::RoomRef room;
};

struct CallbackAnswer {
  bus::Callback callback;
  std::string channel;
  std::string arguments;  // JSON values joined by ','
};

using ToControl =
    std::variant<AdmitRequest, SocketGone, std::unique_ptr<JoinRequest>, JoinSettled, RoomEmptied,
                 std::unique_ptr<MemberCheck>, std::unique_ptr<CallbackAnswer>>;

}  // namespace outcry::gateway
