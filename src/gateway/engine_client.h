// gateway/engine_client.h — the Socket.IO side of one engine session: its packets, and which
// namespaces it has joined.
//
//   40  ─▶ token verified ─▶ control: one more? ─▶ ClientSession for that namespace
//              └─▶ CONNECT_ERROR ◀─┘
//   42  ─▶ its ClientSession           43 ─▶ a publisher's callback
//   41  ─▶ its ClientSession is closed
//
// While control is asked there is no socket yet: an event that comes before the answer ends the
// connection, as one before CONNECT does. Anything but CONNECT for a namespace that isn't joined
// ends the connection, as does a packet that can't be decoded: the reference server's rules
// (docs/reference/protocol.md). Thread: its worker's only. Owner: Worker.
#pragma once

#include <chrono>
#include <cstdint>
#include <forward_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "base/short_list.h"
#include "gateway/client_context.h"
#include "gateway/client_session.h"
#include "gateway/codes.h"
#include "limits/limits.h"
#include "net/ip_address.h"
#include "net/ip_network.h"
#include "protocol/socketio/packet_reader.h"
#include "transport/application.h"
#include "transport/engine_session.h"

namespace outcry::gateway {

/// The token that the opening request carried: `Authorization: Bearer …`, else `?token=…`.
[[nodiscard]] std::string token_of_request(const transport::OpenRequest& request,
                                           std::string_view query_parameter);

/// Without the word that an Authorization header begins with, and some front ends keep.
[[nodiscard]] std::string_view without_bearer(std::string_view text) noexcept;

/// Whether its issuer has taken the token back.
[[nodiscard]] bool is_revoked(const ClientContext& context, const auth::Claims& claims);
/// A token's claims, if it counts and was not revoked. Errors: AuthError.
[[nodiscard]] Result<auth::TokenCache::SharedClaims> verified_token(ClientContext& context,
                                                                    std::string_view token);

/// What its client is told of a token that didn't count, which is counted by that.
struct TokenRefusal {
  Code code = Code::token_invalid;
  std::chrono::milliseconds retry_after{0};
};
[[nodiscard]] TokenRefusal token_refusal(ClientContext& context, std::error_code error);
/// Has control fetch newer keys, unless it does already.
void want_keys(ClientContext& context);

/// Its session isn't kept, for it calls with itself: there are as many of these as connections.
class EngineClient {
 public:
  /// A CONNECT that control was asked about.
  struct Asked {
    NamespaceId namespace_id = 0;
    auth::TokenCache::SharedClaims claims;
    std::string device;  // with recovery.cursors = "device"
  };
  /// A CONNECT, or a new token for a socket, before the token is verified.
  struct Attempt {
    NamespaceId namespace_id = 0;
    std::string token;
    std::string data{};  // of the packet
    bool renews = false;
    std::optional<std::uint64_t> ack_id{};  // if it renews
  };
  /// What only CONNECT needs.
  struct Opening {
    std::string token{};  // of the request that opened the session
    std::forward_list<Asked> asked{};
    std::forward_list<Attempt> unsettled{};  // their key is being fetched
  };

  /// `address`: of the opening request, as limits know it; `peer`: the same in full. `opening` may
  /// be null.
  EngineClient(ClientContext& context, net::IpNetwork address, const net::IpAddress& peer,
               std::unique_ptr<Opening> opening);
  EngineClient(const EngineClient&) = delete;
  EngineClient& operator=(const EngineClient&) = delete;

  /// As limits know it; nobody: exempt.
  [[nodiscard]] net::IpNetwork address() const noexcept { return address_; }
  /// As the audit trail tells it.
  [[nodiscard]] const net::IpAddress& peer() const noexcept { return peer_; }

  void on_text(transport::EngineSession& engine, std::string_view text);
  void on_binary(transport::EngineSession& engine, Bytes bytes);
  void on_admit_answer(transport::EngineSession& engine, AdmitAnswer answer);
  void on_return_answer(transport::EngineSession& engine, ReturnAnswer answer);
  /// The time is there to warn of a token's end.
  void on_expiring(transport::EngineSession& engine);
  /// All that was sent has left.
  void on_drained();
  /// No newer keys are to be had: what waited for one is looked at again.
  void on_keys(transport::EngineSession& engine);
  /// The engine session is gone: so are its sockets. `parks`: their clients may come back.
  void on_close(bool parks, transport::CloseReason reason);
  /// Its client has come back on another connection: the socket, which ends here.
  [[nodiscard]] ParkedSocket give_up(ClientSession& session);
  /// A publisher's doing: one socket leaves its namespace, the connection stays.
  void disconnect(ClientSession& session);

 private:
  using EngineSession = transport::EngineSession;
  /// Who asked for a socket and got none, for the audit trail.
  struct Refused {
    std::string_view namespace_name;
    std::string_view user;   // empty: not known
    std::string_view cause;  // more than the client is told
  };

  void take(EngineSession& engine, const Result<std::optional<socketio::Packet>>& packet,
            std::size_t bytes);
  void take(EngineSession& engine, const socketio::Packet& packet, NamespaceId namespace_id,
            ClientSession* session);
  [[nodiscard]] std::chrono::milliseconds overdrawn(const EngineSession& engine,
                                                    ClientSession* session, std::size_t bytes);
  void refuse(EngineSession& engine, const socketio::Packet& packet, ClientSession* session,
              std::chrono::milliseconds retry_after);
  void connect(EngineSession& engine, const socketio::Packet& packet, NamespaceId namespace_id);
  void connect(EngineSession& engine, Attempt attempt, bool may_wait);
  [[nodiscard]] bool waits_for_key(const EngineSession& engine, Attempt& attempt,
                                   std::error_code error);
  void renew(EngineSession& engine, const ClientSession& session, const socketio::Packet& packet);
  void renew(EngineSession& engine, Attempt attempt, bool may_wait);
  void limit_life(EngineSession& engine);
  [[nodiscard]] std::unique_ptr<Returning> returning(EngineSession& engine, std::string_view data,
                                                     const std::string& user) const;
  void open(EngineSession& engine, NamespaceId namespace_id, const eventlog::Position& position,
            Resync resync);
  void refuse(EngineSession& engine, const Refused& refused, Code code,
              std::chrono::milliseconds retry_after = {});
  [[nodiscard]] ClientSession* session_in(NamespaceId namespace_id);
  [[nodiscard]] std::string_view name_of(NamespaceId namespace_id) const;
  [[nodiscard]] bool asked_for(NamespaceId namespace_id) const;
  [[nodiscard]] const Asked& asked(NamespaceId namespace_id) const;
  [[nodiscard]] Asked take_asked(NamespaceId namespace_id);
  [[nodiscard]] std::string device_of(std::string_view data) const;
  [[nodiscard]] limits::Party party_of(std::string_view user) const;
  void erase(ClientSession& session, std::string_view cause);
  void release(ClientSession& session, bool parks, std::string_view cause);
  void note_refusal(EngineSession& engine, const Refused& refused, std::string_view code);
  [[nodiscard]] bool greets(const auth::Claims& claims) const;
  void violated(EngineSession& engine);

  ClientContext& context_;
  socketio::PacketReader reader_;
  ShortList<SessionId> sessions_;     // one for each joined namespace
  std::unique_ptr<Opening> opening_;  // null once no CONNECT can come any more
  const net::IpNetwork address_;
  const net::IpAddress peer_;
};

}  // namespace outcry::gateway
