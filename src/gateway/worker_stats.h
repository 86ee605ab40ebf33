// gateway/worker_stats.h — what one worker has counted; summed over workers when somebody asks.
#pragma once

#include <array>
#include <cstdint>

#include "auth/auth_error.h"
#include "auth/token_cache.h"
#include "net/event_loop.h"
#include "transport/options.h"

namespace outcry::gateway {

struct ClientStats {
  std::uint64_t connects = 0;                                         // CONNECT accepted
  std::uint64_t connects_refused = 0;                                 // CONNECT_ERROR sent
  std::array<std::uint64_t, auth::kAuthErrorCount> tokens_refused{};  // by AuthError
  std::uint64_t key_waits = 0;        // CONNECTs that waited for keys to be fetched
  std::uint64_t token_refreshes = 0;  // new tokens taken
  std::uint64_t token_refreshes_refused = 0;
  std::uint64_t tokens_expiring = 0;    // warnings sent
  std::uint64_t packets_malformed = 0;  // Socket.IO packets that ended their connection
  std::uint64_t events_received = 0;
  std::uint64_t events_unknown = 0;
  std::uint64_t recoveries = 0;  // sockets that came back and missed nothing
  std::uint64_t joins = 0;
  std::uint64_t acknowledgements = 0;
  std::uint64_t joins_refused = 0;  // `error` sent, whatever the reason
  std::uint64_t leaves = 0;
  std::uint64_t removals = 0;      // sockets that had to leave a room
  std::uint64_t publications = 0;  // that had members here
  std::uint64_t deliveries = 0;    // events put into a client's outbox
  std::uint64_t gaps = 0;          // rooms whose members had to come back for a lost event
  std::uint64_t callbacks = 0;     // acknowledgements passed on to a publisher
};

struct WorkerStats {
  transport::TransportStats transport;
  ClientStats clients;
  auth::TokenCacheStats tokens;
  limits::LimitCounts limits;  // those that the transport applies are in its own
  net::LoopStats loop;
  std::uint64_t connections = 0;  // now
  std::uint64_t engine_sessions = 0;
  std::uint64_t sockets = 0;
  std::uint64_t rooms = 0;
  std::uint64_t backlog_bytes = 0;     // waiting for slow readers
  std::uint64_t backlog_sessions = 0;  // how many they are
};

}  // namespace outcry::gateway
