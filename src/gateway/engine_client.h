// gateway/engine_client.h — the Socket.IO side of one engine session: its packets, and which
// namespaces it has joined.
//
//   40  ─▶ token verified ─▶ ClientSession for that namespace, or CONNECT_ERROR
//   42  ─▶ its ClientSession           43 ─▶ a publisher's callback
//   41  ─▶ its ClientSession is closed
//
// Anything but CONNECT for a namespace that isn't joined ends the connection, as does a packet that
// can't be decoded: the reference server's rules (docs/reference/protocol.md).
// Thread: its worker's only. Owner: Worker.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "base/short_list.h"
#include "gateway/client_context.h"
#include "gateway/client_session.h"
#include "protocol/socketio/packet_reader.h"
#include "transport/application.h"
#include "transport/engine_session.h"

namespace outcry::gateway {

/// The token that the opening request carried: `?token=…`, else `Authorization: Bearer …`.
[[nodiscard]] std::string token_of_request(const transport::OpenRequest& request,
                                           std::string_view query_parameter);

class EngineClient {
 public:
  EngineClient(ClientContext& context, transport::EngineSession& engine, std::string token);
  EngineClient(const EngineClient&) = delete;
  EngineClient& operator=(const EngineClient&) = delete;

  void on_text(std::string_view text);
  void on_binary(Bytes bytes);
  /// The engine session is gone: so are its sockets.
  void on_close();
  /// A publisher's doing: one socket leaves its namespace, the connection stays.
  void disconnect(ClientSession& session);

 private:
  void take(const Result<std::optional<socketio::Packet>>& packet);
  void connect(const socketio::Packet& packet, NamespaceId namespace_id);
  [[nodiscard]] TimePoint end_of(const auth::Claims& claims) const;
  void refuse_connect(const socketio::Packet& packet, std::string_view message,
                      std::string_view data);
  [[nodiscard]] ClientSession* session_in(NamespaceId namespace_id);
  void erase(ClientSession& session);
  void violated();

  ClientContext& context_;
  transport::EngineSession& engine_;
  socketio::PacketReader reader_;
  ShortList<SessionId> sessions_;       // one for each joined namespace
  std::unique_ptr<std::string> token_;  // of the request; null once it can't be needed any more
};

}  // namespace outcry::gateway
