// gateway/client_context.h — what the clients of one worker share: its tables, limits and ways out.
#pragma once

#include <optional>
#include <string_view>

#include <boost/unordered/unordered_flat_map.hpp>

#include "auth/room_policy.h"
#include "auth/token_cache.h"
#include "auth/token_verifier.h"
#include "base/ids.h"
#include "base/slot_table.h"
#include "gateway/config.h"
#include "gateway/control_link.h"
#include "gateway/worker_stats.h"
#include "protocol/socketio/packet.h"
#include "rooms/hub.h"

namespace outcry::gateway {

class ClientSession;
using ClientSessions = SlotTable<ClientSession, SessionId>;
/// Socket.IO ids to sessions; views what the sessions hold.
using SocketIds = boost::unordered_flat_map<std::string_view, SessionId>;

/// What all workers share, read-only once they run.
struct SharedRules {
  const Config& config;
  auth::TokenVerifier verifier;
  auth::RoomPolicy rooms;
  socketio::PacketLimits packet_limits;

  /// nullopt if it is not served.
  [[nodiscard]] std::optional<NamespaceId> namespace_id(std::string_view name) const {
    const Strings& names = config.socketio.namespaces;
    for (std::size_t i = 0; i < names.size(); ++i) {
      if (names[i] == name) return static_cast<NamespaceId>(i);
    }
    return std::nullopt;
  }
};

/// References outlive every client. Thread: the worker's.
struct ClientContext {
  const WorkerId worker;
  const SharedRules& rules;
  auth::TokenCache& tokens;
  rooms::Hub& hub;
  ClientSessions& sessions;
  SocketIds& sids;
  ControlLink& control;
  ClientStats& stats;
};

}  // namespace outcry::gateway
