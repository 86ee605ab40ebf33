// gateway/client_context.h — what the clients of one worker share: its tables, limits and ways out.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "auth/room_policy.h"
#include "auth/token_cache.h"
#include "auth/token_verifier.h"
#include "base/ids.h"
#include "base/slot_table.h"
#include "config/config.h"
#include "gateway/audit_link.h"
#include "gateway/control_link.h"
#include "gateway/limit_rules.h"
#include "gateway/recovery_id.h"
#include "gateway/revocations.h"
#include "gateway/worker_limits.h"
#include "gateway/worker_stats.h"
#include "protocol/socketio/packet.h"
#include "rooms/hub.h"

namespace outcry::gateway {

class ClientSession;
using ClientSessions = SlotTable<ClientSession, SessionId>;

/// What all workers share, read-only once they run.
struct SharedRules {
  const config::Config& config;
  std::shared_ptr<const auth::TokenVerifier> verifier;  // of the start; see gateway/token_keys.h
  auth::RoomPolicy rooms;
  std::optional<auth::TokenVerifier> grants;  // absent: only tokens list rooms
  socketio::PacketLimits packet_limits;
  std::shared_ptr<const LimitRules> limits;  // likewise; see gateway/worker_limits.h
  limits::KeyHash hash;                      // theirs, of everything that is counted or revoked
  RecoveryIds recovery_ids;
  bool stores_sockets = false;     // sockets outlive the process
  bool cursors_by_device = false;  // recovery.cursors
  AuditRules audit{};

  /// nullopt if it is not served.
  [[nodiscard]] std::optional<NamespaceId> namespace_id(std::string_view name) const {
    const config::Strings& names = config.socketio.namespaces;
    for (std::size_t i = 0; i < names.size(); ++i) {
      if (names[i] == name) return static_cast<NamespaceId>(i);
    }
    return std::nullopt;
  }
};

/// Clients whose CONNECT, or new token, waits for a key to be fetched. Few and seldom.
struct KeyWait {
  std::vector<EngineId> clients;
  bool asked = false;  // control was, and hasn't answered
};
inline constexpr std::size_t kKeyWaitMax = 1024;

/// References outlive every client. Thread: the worker's.
struct ClientContext {
  /// Called with (session, ack id, arguments) when a client acknowledges an event.
  using OnAck = std::function<void(SessionId, std::uint64_t, std::string_view)>;

  const WorkerId worker;
  const SharedRules& rules;
  auth::TokenCache& tokens;
  rooms::Hub& hub;
  ClientSessions& sessions;
  ControlLink& control;
  AuditLink& audit;
  ClientStats& stats;
  KeyWait& key_wait;
  WorkerLimits& limits;
  const Revocations& revocations;
  const OnAck on_ack;
};

}  // namespace outcry::gateway
