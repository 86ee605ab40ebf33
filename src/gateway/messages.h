// gateway/messages.h — what the control thread and the workers tell each other.
//
//   control ──▶ worker    deliver, socket admitted, join answered, act on sockets, expel, stop
//   worker  ──▶ control   socket wanted and gone, join wanted, room lost its members, callback,
//                         what the audit trail is to have
//   worker  ──▶ worker    a connection whose session lives there
//
// Small values with ids, never pointers to what the other side owns; what many workers get is one
// shared immutable object. Each pair's messages keep their order, and the joins rely on it: a
// delivery that control posts after an answer finds the session in the room.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "audit/record.h"
#include "auth/token_verifier.h"
#include "base/ids.h"
#include "bus/publication.h"
#include "eventlog/position.h"
#include "eventlog/stored.h"
#include "gateway/codes.h"
#include "gateway/contract.h"
#include "gateway/cursors.h"
#include "gateway/event_encoder.h"
#include "gateway/operations.h"
#include "gateway/parked_sockets.h"
#include "gateway/returning.h"
#include "gateway/revocations.h"
#include "gateway/worker_limits.h"
#include "gateway/worker_stats.h"
#include "limits/limits.h"
#include "net/ip_network.h"
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
  std::uint32_t sequence = 0;  // of the room's deliveries; see rooms::Hub::receive()
  transport::SharedFrame frame;
  transport::DeliveryTerms terms;
};

/// One event for any audience. The terms are those of its own name, each alias's key is one higher.
struct Delivery {
  Audience audience;
  EventFrames frames;
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

/// A socket that its client wants back, before its rights are looked at again.
struct ReturnOffer {
  ParkedSocket socket;
  std::uint64_t seen = 0;  // what its client has had: EventHistory::seen_by()
  std::string pid;         // which stays what it was
};

/// The answer to AdmitRequest. Admitted means counted, also if the socket is gone by now.
struct AdmitAnswer {
  EngineId engine;
  limits::Party party;
  std::uint32_t retry_after_ms = 0;
  std::optional<Code> refused;
  NamespaceId namespace_id = 0;
  Resync resync = Resync::none;  // the client wanted to come back, and can't for this reason
  eventlog::Position position;   // as of now: what is published later follows
  std::unique_ptr<ReturnOffer> offer;
};

/// Events that are sent again, for nobody has acknowledged them.
struct Unacknowledged {
  std::vector<transport::SharedFrame> frames;
  bool more = false;  // than are sent now
};

/// The answer to ReturnClaim: the socket as it was, or why not.
struct ReturnAnswer {
  SessionId session;
  Resync resync = Resync::none;
  eventlog::Position position;
  std::vector<rooms::RoomRef> rooms;           // granted, by the first answer
  std::vector<transport::SharedFrame> missed;  // in order
  std::uint64_t seen = 0;                      // what the client has had with them
  bool more = false;                           // missed events: a further claim asks for them
  Unacknowledged unacknowledged;               // had before them, and sent again
};

/// Give up this socket, if it is here: its client has come back on another connection.
struct Reclaim {
  NamespaceId namespace_id = 0;
  std::string sid;
  rooms::RoomNumber own_room = 0;  // its room by name, if it has one
};

struct JoinAnswer {
  enum class Verdict : std::uint8_t { granted, denied, unavailable };
  SessionId session;
  std::uint32_t ticket = 0;
  Verdict verdict = Verdict::denied;
  rooms::RoomRef room;                         // null if it is denied and nobody is in such a room
  std::vector<transport::SharedFrame> frames;  // the room's newest values, and what is replayed
  std::optional<std::size_t> replayed;         // so many events of `frames`, if any were wished for
  Unacknowledged unacknowledged;               // sent ahead of those to who comes in
  Resync resync = Resync::none;                // why there is no replay
  eventlog::Position position;                 // what is published later follows
  std::chrono::milliseconds delay{};           // for the client to wait, if denied
};

/// The answer to RoomRead, for the connection that asked.
struct RoomReadAnswer {
  transport::ConnectionId connection;
  std::optional<Code> refused;
  std::chrono::milliseconds retry_after{};  // if it is refused for a while
  std::string user;                         // who asked for what, if it is refused
  std::string room;
  Result<RoomEvents> found = RoomEvents{};  // if it isn't; errors: ReadError
};

/// A join is as safe from a crash as it will ever be, and its client may hear of it.
struct JoinStored {
  SessionId session;
  std::uint32_t ticket = 0;
  eventlog::Position position;  // now: that of the answer may lie behind what it has had since
};

/// This user's or this address's sockets end: he is banned.
struct Expel {
  std::string user;        // empty: it is an address
  net::IpNetwork address;  // nobody: it is a user
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
  std::shared_ptr<const auth::TokenVerifier> verifier;
  bool keys_withdrawn = false;  // what the verifier before has verified isn't to be remembered
  std::shared_ptr<const BannedAddresses> banned;
  std::shared_ptr<const LimitRules> limits;
};

/// The answer to KeyWanted: no newer keys are to be had than those that came before this.
struct KeysSettled {};

/// These tokens were taken back: sockets that live by them end.
struct RevokeTokens {
  RevocationBatch batch;
  /// How many each has ended; called on the worker's thread.
  std::move_only_function<void(std::vector<std::uint32_t>)> done;
};

struct Drain {};  // accept no more, tell all clients to reconnect elsewhere
struct Stop {};

/// Small, for the mailbox holds thousands: what is seldom or big travels in a box.
using ToWorker = std::variant<
    RoomDelivery, std::shared_ptr<const Delivery>, std::shared_ptr<const SocketCommand>,
    std::unique_ptr<AdmitAnswer>, std::unique_ptr<JoinAnswer>, std::unique_ptr<ReturnAnswer>,
    std::unique_ptr<Reclaim>, std::unique_ptr<transport::HandedOver>, std::unique_ptr<RemoveMember>,
    std::unique_ptr<StatsRequest>, std::shared_ptr<const WorkerUpdate>, KeysSettled,
    std::unique_ptr<Expel>, std::shared_ptr<const UserOver>, std::unique_ptr<RevokeTokens>,
    std::unique_ptr<JoinStored>, std::unique_ptr<RoomReadAnswer>, Recheck, Drain, Stop>;

/// May this engine session, whose token was verified, have a socket in this namespace? Asked for
/// every CONNECT, for control alone knows how many a user has over all workers.
struct AdmitRequest {
  WorkerId worker = 0;
  NamespaceId namespace_id = 0;
  EngineId engine;
  limits::Party party;
  std::unique_ptr<Returning> returning;  // null: a client that is new
};

/// A token of this worker's names a key that isn't known. Until the answer it asks no more.
struct KeyWanted {
  WorkerId worker = 0;
};

/// An admitted socket is no more.
struct SocketGone {
  limits::Party party;
};

/// What a room's policy has to be asked, or that it needs no asking.
struct RoomClaim {
  std::string room;
  std::optional<store::AccessQuestion> question;
};

/// May this socket be what it was, in all of its rooms? Follows an offer. With `continues` it was
/// told that it may, and asks for what else it missed.
struct ReturnClaim {
  WorkerId worker = 0;
  SessionId session;
  ReturnOffer offer;
  std::vector<RoomClaim> rooms;
  Reader reader;           // whose cursors count
  bool forbidden = false;  // one of them is not his any more, and nobody has to be asked
  bool continues = false;
};

/// Its connection is gone, its client may come back. Told before its rooms are left.
struct SocketParked {
  ParkedSocket socket;
};

/// The answer to Reclaim, by each worker that was asked.
struct Reclaimed {
  std::string sid;
  std::optional<ParkedSocket> socket;
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
  ReplayWish replay;
  Reader reader;           // whose cursor counts, where he has one, and whose refusals
  net::IpNetwork address;  // whose refusals count as well
  bool forbidden = false;  // as the worker knows: counted, and answered in its turn
  bool member = false;     // it is one already
};

/// A user has had everything of this room up to there.
struct CursorMove {
  NamespaceId namespace_id = 0;
  std::string room;
  Reader reader;
  eventlog::Position position;
};

/// Of what a user is to acknowledge one by one he has acknowledged everything of this room, up to
/// this event.
struct AckMove {
  rooms::RoomRef room;
  Reader reader;
  std::uint64_t number = 0;    // EventMark's
  std::uint64_t released = 0;  // EventMark's
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

/// What was this room told? Asked over HTTP by a client whose token was verified.
struct RoomRead {
  WorkerId worker = 0;
  transport::ConnectionId connection;
  NamespaceId namespace_id = 0;
  RoomQuery query;
  std::string user;
  net::IpNetwork address;
  limits::Party party;                            // the two, as bans know them
  std::optional<store::AccessQuestion> question;  // to be asked; absent: `refused` says it
  std::optional<Code> refused;
};

/// Follows the change that tells the log of a join: answered by a JoinStored.
struct JoinNoted {
  WorkerId worker = 0;
  SessionId session;
  std::uint32_t ticket = 0;
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

/// A change that outlives the process, where the log is on disk.
using SocketChange = std::unique_ptr<eventlog::Change>;

/// What a worker has seen and the audit trail is to have.
using AuditNote = std::unique_ptr<audit::Record>;

/// Notes that control's mailbox had no room for.
struct AuditLost {
  std::uint64_t count = 0;
  WallTime from;
  WallTime to;
};

using ToControl = std::variant<AdmitRequest, KeyWanted, SocketGone, std::unique_ptr<SocketParked>,
                               std::unique_ptr<Reclaimed>, std::unique_ptr<ReturnClaim>,
                               std::unique_ptr<CursorMove>, std::unique_ptr<AckMove>, SocketChange,
                               std::unique_ptr<JoinRequest>, std::unique_ptr<RoomRead>, JoinSettled,
                               JoinNoted, RoomEmptied, std::unique_ptr<MemberCheck>,
                               std::unique_ptr<CallbackAnswer>, AuditNote, AuditLost, UserSpent>;

}  // namespace outcry::gateway
