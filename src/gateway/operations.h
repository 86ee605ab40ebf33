// gateway/operations.h — what the operations API asks of the gateway.
//
//   backend ──HTTP──▶ api ──Operations──▶ gateway ──▶ event log, workers
//
// The seam is an interface so that the HTTP rules are tested without a gateway, and the gateway
// without HTTP. Answers that wait for a disk (an event that is made durable first) or for other
// threads (counters of the workers) come through a callback; one that is known at once may be given
// before the call returns.
// Thread: the control thread only, for calls and callbacks.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "bus/publication.h"
#include "observe/metrics_text.h"

namespace outcry::gateway {

/// Why the gateway did not take a publication. The API answers 503 with Retry-After for the
/// temporary ones and 422 for the others; any other error code counts as `unavailable`.
enum class PublishError : std::uint8_t {
  none,
  unavailable,        // temporary: starting, draining, or the log can't be written
  overloaded,         // temporary: the workers' mailboxes or the log's queue are full
  unknown_namespace,  // no such namespace is served
  too_big,            // the encoded event is over the limit for one message
  reserved_name,  // a name that Socket.IO keeps for itself: clients would break their connection
  bad_command,    // a name that begins with outcry: and is no command, or a command's fields
};

[[nodiscard]] std::error_code make_error_code(PublishError error);

/// The answer to an accepted publication.
struct PublishReceipt {
  std::string id;      // the publication's id
  std::string offset;  // its place in the log, as clients see it; empty: the event isn't logged
};

/// One named condition for being sent clients.
struct ReadinessCheck {
  std::string name;  // snake_case: "redis", "store"
  bool ok = false;
  std::string text;  // for people: "connected for 12 s"; no secrets, it is served without a key
};

struct Readiness {
  std::vector<ReadinessCheck> checks;

  /// True without checks.
  [[nodiscard]] bool ready() const noexcept;
};

/// A user's right to a room has ended.
struct MemberRemoval {
  std::string namespace_name = "/";
  std::string room;
  std::string user;
  std::string by;  // who says so, for the audit trail: "api:KEY_ID"
};

/// Which events of a room are wanted: `must` ones after `since`, or its `last` ones.
struct RoomQuery {
  std::string namespace_name = "/";
  std::string room;
  std::string since;  // a position; empty: `last` counts
  std::size_t last = 100;
  std::size_t events_max = 1'000;  // at once; the rest comes with the answer's offset as `since`
};

struct RoomEvents {
  struct Event {
    std::string event;
    std::string arguments;  // JSON values joined by ','
    std::string offset;
  };
  std::vector<Event> events;
  std::string offset;  // `since` for what comes after these
  bool more = false;
};

/// Whose receipts are wanted.
struct ReceiptQuery {
  std::string id;     // the publication's
  std::string event;  // not empty: `id` is a payload's (events.id_member) of this name and room
  std::string room;
  std::string namespace_name = "/";
  std::string after;  // a sid: those behind it
  std::size_t receipts_max = 1'000;
};

/// What became of an event, socket by socket, in the order of their ids.
struct EventReceipts {
  struct Receipt {
    std::string sid;
    std::string user;
    std::optional<WallTime> sent;
    std::optional<WallTime> acknowledged;
  };
  std::vector<Receipt> receipts;
  bool more = false;
};

/// Errors of read_room() and receipts().
enum class ReadError : std::uint8_t {
  none,
  unknown_namespace,
  bad_position,   // no position of this server
  too_old,        // some of what is wanted is gone, or it is too much
  unknown_event,  // none of this id is kept
  unavailable,    // stopping, or the log can't be read
};

[[nodiscard]] std::error_code make_error_code(ReadError error);

enum class BanKind : std::uint8_t { user, address };
inline constexpr std::size_t kBanKindCount = 2;

/// A user's name; or an address as "192.0.2.1", "2001:db8::/64", or any one in that network.
struct BanTarget {
  BanKind kind = BanKind::user;
  std::string name;
};
/// One that is in force on this node.
struct BanInfo {
  BanTarget target;
  std::chrono::seconds left{};
};

/// What a revocation names: one token, all of a session, all of a user.
enum class RevocationKind : std::uint8_t { jti, session, user };

/// Tokens that are taken back before their end.
struct TokenRevocation {
  RevocationKind kind = RevocationKind::jti;
  std::string value;                        // of the claim
  std::optional<WallTime> until{};          // absent: for as long as such a token could be taken
  std::optional<WallTime> issued_before{};  // newer ones aren't meant; absent: all are
  std::string by{};                         // who says so: MemberRemoval::by
};

enum class RevocationError : std::uint8_t {
  none,
  unavailable,  // stopping
  too_many,     // auth.revocations_max: sockets have ended, but their tokens are not refused
  needs_end,    // nothing bounds a token's age, so the revocation must say when it ends
};

[[nodiscard]] std::error_code make_error_code(RevocationError error);

/// How many sockets have ended, on this node. Errors: RevocationError.
using RevocationDone = std::move_only_function<void(const Result<std::size_t>&)>;
/// How many sockets had to leave, on this node. Errors: PublishError.
using RemovalDone = std::move_only_function<void(Result<std::size_t>)>;
using PublishDone = std::move_only_function<void(Result<PublishReceipt>)>;
/// Errors: ReadError.
using ReceiptsDone = std::move_only_function<void(Result<EventReceipts>)>;
using MetricsDone = std::move_only_function<void(std::vector<observe::MetricSample>)>;

class Operations {
 public:
  Operations() = default;
  Operations(const Operations&) = delete;
  Operations& operator=(const Operations&) = delete;
  virtual ~Operations() = default;

  /// The events of a room, oldest first. Errors: ReadError.
  [[nodiscard]] virtual Result<RoomEvents> read_room(const RoomQuery& query) = 0;
  /// What became of an event of `events.receipts`. `done` is called once.
  virtual void receipts(ReceiptQuery query, ReceiptsDone done) = 0;
  /// Takes one publication, which has an id. `done` is called once, when the event is accepted
  /// (durable, where its class asks for that) or refused. Publications are accepted in the order of
  /// the calls. One whose id was accepted before is answered with its first receipt.
  virtual void publish(bus::Publication publication, PublishDone done) = 0;

  /// Takes the user's sockets out of the room and forgets what was remembered about his right to
  /// it; the other nodes on the same Redis are told. `done` is called once.
  virtual void remove_member(MemberRemoval removal, RemovalDone done) = 0;

  /// Who may not connect to this node for a while.
  [[nodiscard]] virtual std::vector<BanInfo> bans() const = 0;
  /// Ends a ban on this node, and forgets what led to it. False: there is none. `by`: who says so,
  /// as MemberRemoval::by.
  virtual bool lift_ban(const BanTarget& target, std::string_view by) = 0;
  /// Ends the sockets that live by these tokens and refuses the tokens from then on; the other
  /// nodes on the same Redis are told. `done` is called once.
  virtual void revoke(TokenRevocation revocation, RevocationDone done) = 0;

  /// May this node be sent clients? Cheap: asked at every probe.
  [[nodiscard]] virtual Readiness readiness() const = 0;

  /// Sums the counters of all threads; `done` is called once. A caller that waits gives up by
  /// itself.
  virtual void collect_metrics(MetricsDone done) = 0;
};

}  // namespace outcry::gateway

template <>
struct std::is_error_code_enum<outcry::gateway::PublishError> : std::true_type {};
template <>
struct std::is_error_code_enum<outcry::gateway::ReadError> : std::true_type {};
template <>
struct std::is_error_code_enum<outcry::gateway::RevocationError> : std::true_type {};
