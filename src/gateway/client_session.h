// gateway/client_session.h — one socket: an authenticated client in one namespace.
//
//   join_challenge ─▶ checked here ─▶ JoinRequest ─▶ control (owner? snapshot) ─▶ JoinAnswer
//                                                                                    │
//   client ◀─ ack ◀─ joined_challenge ◀─ snapshot ◀─ in the room ◀───────────────────┘
//
// The identity is bound to the connection at CONNECT and never changes. Every answer goes to this
// socket alone; nothing that a client sends reaches another one.
// Thread: its worker's only. Owner: Worker.
#pragma once

#include <cstdint>
#include <forward_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "auth/room_policy.h"
#include "auth/token_cache.h"
#include "base/ids.h"
#include "gateway/client_context.h"
#include "gateway/contract.h"
#include "gateway/event_mark.h"
#include "gateway/messages.h"
#include "gateway/outstanding_acks.h"
#include "gateway/socket_id.h"
#include "gateway/token_term.h"
#include "protocol/socketio/packet.h"
#include "transport/engine_session.h"

namespace outcry::gateway {

class ClientSession {
 public:
  /// `device`: what the client says to be, where devices are told apart. `offer`: the socket that
  /// its client wants to be again; null: a new one.
  ClientSession(SessionId id, ClientContext& context, transport::EngineSession& engine,
                NamespaceId namespace_id, auth::TokenCache::SharedClaims claims, std::string device,
                std::unique_ptr<ReturnOffer> offer = nullptr);
  ClientSession(const ClientSession&) = delete;
  ClientSession& operator=(const ClientSession&) = delete;

  [[nodiscard]] SessionId id() const noexcept { return id_; }
  /// The Socket.IO id, which publishers may use as a room's name.
  [[nodiscard]] std::string_view sid() const noexcept { return sid_.text(); }
  [[nodiscard]] std::string_view user() const noexcept { return user_; }
  [[nodiscard]] NamespaceId namespace_id() const noexcept { return namespace_id_; }
  [[nodiscard]] transport::EngineSession& engine() noexcept { return engine_; }

  /// Enters its own rooms, answers CONNECT, and greets the client if its token asks for that.
  /// `resync`: why it is a new socket though its client wanted to come back.
  void open(bool greet, const eventlog::Position& position, Resync resync);
  /// Asks whether it may be what it was. Until the answer it is in no room, and CONNECT waits.
  void claim();
  [[nodiscard]] bool claims() const noexcept { return return_ && !return_->connected; }
  /// It may: answers CONNECT, joins its rooms, and sends what it missed, or a part of it.
  void resume(ReturnAnswer answer, bool greet);
  /// What was sent has left.
  void on_drained();
  /// What is published to its rooms reaches it with what it missed, and is not to be delivered.
  [[nodiscard]] bool catching_up() const noexcept { return return_ != nullptr; }
  /// Its client may come back to it; what has to be known for that.
  [[nodiscard]] ParkedSocket parked() const;
  /// It has a secret to come back with.
  [[nodiscard]] bool recoverable() const noexcept;
  /// It outlives the process, where there is a log on disk.
  [[nodiscard]] bool is_stored() const noexcept;
  /// Tells that log.
  void note(eventlog::Change change);
  /// What the audit trail shall have of it, besides who it is.
  struct Noted {
    std::string_view name;   // of a detail
    std::string_view value;  // and what it is
    std::string_view room{};
    std::span<const std::string> rooms{};
  };
  /// Tells the audit trail, if it is to have such records.
  void record(audit::Kind kind, const Noted& noted);
  /// `address`: of the client, as limits know it.
  void on_event(const socketio::Packet& packet, net::IpNetwork address);
  /// Tells that an event was not taken.
  void refuse(const Refusal& refusal, std::optional<std::uint64_t> ack_id);
  void on_join_answer(JoinAnswer answer);
  /// The log has it: the client is told.
  void on_join_stored(const JoinStored& stored);
  /// One that its client is to hear later: what it takes away, it takes now.
  void on_late_answer(JoinAnswer& answer);
  /// Leaves all rooms; the session is erased afterwards.
  void close();
  /// A publisher's doing: tells nobody.
  void enter(const RoomTarget& target);
  void leave(const RoomTarget& target);
  /// The user's right has ended: leaves, and tells the client by the events that it knows.
  void remove(const rooms::RoomRef& room);
  /// It lives by another token of its user from now on; what only the old one let it into it
  /// leaves.
  void renew(auth::TokenCache::SharedClaims claims, std::optional<std::uint64_t> ack_id);
  /// False once too many new tokens in a row were refused: each costs a signature's check.
  [[nodiscard]] bool may_renew() const noexcept;
  void refuse_token(Code code, std::optional<std::uint64_t> ack_id);
  [[nodiscard]] const TokenTerm& term() const noexcept { return term_; }
  [[nodiscard]] const TokenMarks& marks() const noexcept { return marks_; }
  [[nodiscard]] limits::Key user_key() const noexcept;
  /// Its token was taken back: tells the client and ends its connection.
  void end_revoked();
  /// Tells the client that its token ends soon.
  void warn();
  /// Asks whether the user may stay in the rooms that he had to be let into.
  void recheck();

  void send_event(std::string_view event, std::string_view arguments);
  /// An event that is to be acknowledged was sent to it: its position follows.
  void on_marked(const EventMark& mark);
  /// It was acknowledged.
  void on_ack(std::uint64_t ack_id);

  /// Number of the last delivery that this session was looked at for (Worker).
  std::uint32_t delivery_mark = 0;
  /// Whether the room of its own name still reaches it; a publisher may take it out.
  bool in_own_room = true;

 private:
  /// What few sessions have, and others shall not pay for.
  struct Rights {
    auth::TokenCache::SharedClaims listing;  // claims that list rooms; null: they don't
    std::vector<rooms::RoomNumber> asked;    // with rooms.recheck_ms: rooms to ask about again
    std::string device;
    OutstandingAcks acks;
    std::vector<std::uint64_t> unsent;  // numbers of events whose receipts wait for their sending
  };
  /// What a client says to join or leave.
  struct ClientCommand {
    const Command* command = nullptr;
    std::string object_id;
    std::string grant;  // empty: none came along
    ReplayWish replay;
    std::optional<std::uint64_t> ack_id;
    net::IpNetwork address;
  };
  /// A client that comes back, until it is where the others are.
  struct Return {
    ReturnOffer offer;
    std::vector<ClientCommand> held;  // for they would be answered ahead of what it missed
    bool connected = false;           // CONNECT is answered
    bool greets = false;
    bool asking = false;   // an answer is on its way
    bool removed = false;  // from a room, since it was asked for
  };
  struct PendingJoin {
    std::uint32_t ticket = 0;
    const Command* command = nullptr;  // nullptr: asked by the gateway itself, answered to nobody
    std::string object_id;
    std::optional<std::uint64_t> ack_id;
    std::optional<Code> refused{};          // known before control was asked
    std::unique_ptr<JoinAnswer> granted{};  // until the log has it
  };

  void list_rooms(auth::TokenCache::SharedClaims claims);
  [[nodiscard]] std::string expiry() const;
  void run(ClientCommand wanted);
  void hold(ClientCommand wanted);
  void join(ClientCommand wanted);
  void begin_again(const ReturnAnswer& answer, bool greet);
  void finish_return();
  void ask_again_about(const rooms::RoomRef& room);
  [[nodiscard]] std::optional<Code> refusal(const auth::RoomMatch& match, std::string_view room,
                                            std::string_view grant) const;
  [[nodiscard]] bool too_busy() const;
  [[nodiscard]] bool has_no_room_for(std::string_view room) const;
  void leave(const Command& command, std::string_view object_id,
             std::optional<std::uint64_t> ack_id);
  void request_join(JoinRequest request, PendingJoin pending);
  void acknowledge(const socketio::Packet& packet);
  [[nodiscard]] Reader reader() const;
  void greet();
  [[nodiscard]] std::optional<PendingJoin> take_pending(std::uint32_t ticket);
  void confirm_join(const PendingJoin& pending, const JoinAnswer& answer);
  void reply_to_join(const PendingJoin& pending, const JoinAnswer& answer);
  void confirm(const Command& command, std::string_view object_id,
               std::optional<std::uint64_t> ack_id);
  void send_ack(std::uint64_t ack_id, std::string_view arguments);
  [[nodiscard]] std::string_view namespace_name() const;
  [[nodiscard]] std::size_t pending_count() const;
  void leave(const rooms::RoomRef& room, std::string_view cause);
  void send_connect(std::string_view pid);
  void send_frames(const std::vector<transport::SharedFrame>& frames);
  void send_again(const Unacknowledged& unacknowledged);
  void expect_ack(const EventMark& mark);
  void on_answered(const OutstandingAcks::Event& event);
  void on_moved(const OutstandingAcks::Event& last);
  void note_sent();
  void note_receipt(std::uint64_t number, WallTime sent, WallTime acknowledged);
  Rights& rights();
  void send_position(const eventlog::Position& position);
  void send_resync(Resync reason, std::string_view room = {});
  void send_with_position(std::string packet, const eventlog::Position& position);

  const NamespaceId namespace_id_;
  std::uint8_t tokens_refused_ = 0;  // in a row
  const SessionId id_;
  ClientContext& context_;
  transport::EngineSession& engine_;
  std::unique_ptr<Return> return_;  // null for nearly all; a delivery looks at it
  std::uint32_t next_ticket_ = 1;
  const SocketId sid_;
  TokenTerm term_;
  TokenMarks marks_;
  std::string user_;
  std::unique_ptr<Rights> rights_;          // null for nearly all
  std::forward_list<PendingJoin> pending_;  // few, and nearly always none
};

}  // namespace outcry::gateway
