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
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "auth/token_verifier.h"
#include "base/ids.h"
#include "gateway/client_context.h"
#include "gateway/contract.h"
#include "gateway/messages.h"
#include "gateway/socket_id.h"
#include "protocol/socketio/packet.h"
#include "transport/engine_session.h"

namespace outcry::gateway {

class ClientSession {
 public:
  ClientSession(SessionId id, ClientContext& context, transport::EngineSession& engine,
                NamespaceId namespace_id, const auth::Claims& claims);
  ClientSession(const ClientSession&) = delete;
  ClientSession& operator=(const ClientSession&) = delete;

  [[nodiscard]] SessionId id() const noexcept { return id_; }
  /// The Socket.IO id, which publishers may use as a room's name.
  [[nodiscard]] std::string_view sid() const noexcept { return sid_.text(); }
  [[nodiscard]] std::string_view user() const noexcept { return user_; }
  [[nodiscard]] NamespaceId namespace_id() const noexcept { return namespace_id_; }
  [[nodiscard]] transport::EngineSession& engine() noexcept { return engine_; }

  /// Enters its own rooms, answers CONNECT, and greets the client if its token asks for that.
  void open(bool greet);
  void on_event(const socketio::Packet& packet);
  void on_join_answer(JoinAnswer answer);
  /// Leaves all rooms; the session is erased afterwards.
  void close();
  /// A publisher's doing: tells nobody.
  void enter(const RoomTarget& target);
  void leave(const RoomTarget& target);

  void send_event(std::string_view event, std::string_view arguments);

  /// Number of the last delivery that this session was looked at for (Worker).
  std::uint64_t delivery_mark = 0;
  /// Whether the room of its own name still reaches it; a publisher may take it out.
  bool in_own_room = true;

 private:
  struct PendingJoin {
    std::uint32_t ticket = 0;
    const Command* command = nullptr;  // nullptr: asked by the gateway itself, answered to nobody
    std::string object_id;
    std::optional<std::uint64_t> ack_id;
  };

  void join(const Command& command, std::string object_id, std::optional<std::uint64_t> ack_id);
  void leave(const Command& command, std::string_view object_id,
             std::optional<std::uint64_t> ack_id);
  void request_join(std::string room, std::optional<store::OwnerQuestion> owner,
                    PendingJoin pending);
  void greet();
  void confirm(const Command& command, std::string_view object_id,
               std::optional<std::uint64_t> ack_id);
  void refuse(const Refusal& refusal, std::optional<std::uint64_t> ack_id);
  void send_ack(std::uint64_t ack_id, std::string_view arguments);
  [[nodiscard]] std::string_view namespace_name() const;
  [[nodiscard]] std::size_t pending_count() const;
  void leave(const rooms::RoomRef& room);

  const SessionId id_;
  const NamespaceId namespace_id_;
  ClientContext& context_;
  transport::EngineSession& engine_;
  std::uint32_t next_ticket_ = 1;
  const SocketId sid_;
  std::string user_;
  std::forward_list<PendingJoin> pending_;  // few, and nearly always none
};

}  // namespace outcry::gateway
