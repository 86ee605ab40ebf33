// transport/options.h — limits and times of the browser-facing end, and what it counts.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "limits/limits.h"
#include "net/tls_context.h"
#include "net/tls_identity.h"
#include "transport/access.h"

namespace outcry::transport {

/// What one connection may send; `dry_run`: what is more is counted and taken all the same.
struct ConnectionLimits {
  limits::Rate packets;
  limits::Rate bytes;
  bool dry_run = false;
};

struct TransportOptions {
  // Request paths that speak Engine.IO, each ending in '/'. A session knows which one it came by.
  std::vector<std::string> engine_paths = {"/socket.io/"};
  // GETs of paths that begin so are the application's (Application::on_api_request); empty: none.
  std::string api_prefix;
  // A path of bare WebSocket messages, without Engine.IO; empty: none.
  std::string raw_websocket_path;
  AccessOptions access;
  // Every connection begins with a PROXY header, from a trusted proxy.
  bool proxy_protocol = false;

  // Null: connections are plain.
  std::shared_ptr<net::TlsIdentity> tls;

  bool polling = true;
  bool websocket = true;

  std::chrono::milliseconds ping_interval{25'000};
  std::chrono::milliseconds ping_timeout{20'000};
  std::chrono::milliseconds upgrade_timeout{10'000};
  // From the opening of a session to the application's confirm().
  std::chrono::milliseconds confirm_timeout{10'000};
  // From a request's first byte to its last; also for a response that isn't read.
  std::chrono::milliseconds request_timeout{10'000};
  // Of a connection without a request.
  std::chrono::milliseconds keep_alive_timeout{65'000};
  // For a polling client to fetch the close packet, and for a WebSocket's close handshake.
  std::chrono::milliseconds close_timeout{10'000};

  std::uint32_t message_bytes_max = 1'000'000;  // a message, and a polling body
  // The same before confirm(), also as inflated: a stranger gets little memory and no bomb.
  std::uint32_t unconfirmed_bytes_max = 64 << 10;
  std::uint32_t raw_message_bytes_max = 16 << 20;  // on raw_websocket_path
  std::size_t head_bytes_max = 16'384;
  std::size_t headers_max = 100;
  std::size_t polling_packets_max = 16;       // python-engineio refuses more in one payload
  std::size_t outbox_bytes_max = 1 << 20;     // waiting for one client
  std::size_t backlog_bytes_max = 256 << 20;  // waiting for all slow ones of this worker
  std::chrono::milliseconds conflation{
      1000};                             // a `latest` event that waited so long keeps its place
  std::size_t connections_max = 20'000;  // of this worker
  std::size_t accepts_per_tick = 64;     // at least 1
  // A tick that has already taken this long lets in nobody new; zero: every tick does.
  std::chrono::milliseconds accept_late_tick{25};
  // But not for longer than this.
  std::chrono::milliseconds accept_pause{50};
  std::size_t sessions_max = 40'000;  // of this worker; polling ones have no connection
  // Requests taken from one read before the answers to them are written; at least 1.
  std::size_t pipelined_requests_max = 16;
  ConnectionLimits limits;
  // How long a confirmed session may last, less a random part of up to so much of it. Zero: as
  // long as it is confirmed for.
  std::chrono::milliseconds session_max{0};
  double session_jitter = 0;
  // Without a message in either direction, counted in heartbeats; zero: for ever.
  std::chrono::milliseconds idle_timeout{0};
  bool deflate = false;      // permessage-deflate on Engine.IO's WebSockets
  bool raw_deflate = false;  // and on raw_websocket_path
  std::size_t deflate_bytes_min = 1024;
};

/// Why an engine session ended (the reference's reasons).
enum class CloseReason : std::uint8_t {
  transport_close,  // the client went, or asked to
  transport_error,  // a broken connection, or a rule of the transport broken
  parse_error,      // an undecodable packet
  ping_timeout,
  confirm_timeout,  // opened, but never confirmed by the application
  forced_close,     // the application's protocol was broken
  server_close,     // the application's wish
  expired,          // confirmed until then, and no longer
  outbox_overflow,  // read too slowly; may reconnect
  server_shutting_down,
  flood,     // sent too much, and went on when it was told
  lifetime,  // open for as long as sessions may be
  idle,      // silent for as long as sessions may be
  banned,    // the application's wish: may come back when the ban is over
  revoked,   // the application's: what it was confirmed by is taken back
  gap,       // the application's: something for it was lost, which it gets when it comes back
};
inline constexpr std::size_t kCloseReasonCount = 16;

/// Of one worker, read on its thread.
struct TransportStats {
  std::uint64_t connections_accepted = 0;
  std::uint64_t connections_refused = 0;  // over a limit, or no descriptor left
  std::uint64_t accept_pauses = 0;        // times that waiting connections were made to wait on
  std::uint64_t connections_closed = 0;
  net::TlsStats tls;
  std::uint64_t requests = 0;
  std::uint64_t requests_refused = 0;    // answered 4xx or 5xx
  std::uint64_t requests_malformed = 0;  // of those, by the HTTP grammar
  std::uint64_t origins_refused = 0;
  std::uint64_t plain_http_refused = 0;
  std::uint64_t forwarded_ignored = 0;      // X-Forwarded-*, not from a trusted proxy
  std::uint64_t forwarded_malformed = 0;    // from one, but no addresses
  std::uint64_t proxy_headers_refused = 0;  // connections without one, or not from a trusted proxy
  std::uint64_t handovers_out = 0;
  std::uint64_t handovers_refused = 0;  // the other worker's mailbox was full
  std::uint64_t sessions_opened = 0;
  std::uint64_t sessions_refused = 0;  // over sessions_max
  std::uint64_t upgrades = 0;
  std::array<std::uint64_t, kCloseReasonCount> sessions_closed{};  // by CloseReason
  std::uint64_t websocket_errors = 0;  // frames and messages that broke RFC 6455 or 7692
  std::uint64_t packets_malformed = 0;
  std::uint64_t packets_received = 0;
  std::uint64_t frames_sent = 0;  // put into an outbox
  std::uint64_t volatile_dropped = 0;
  std::uint64_t latest_superseded = 0;
  std::uint64_t bytes_received = 0;
  std::uint64_t bytes_sent = 0;
  std::uint64_t writes = 0;
  limits::LimitCounts limits;
};

}  // namespace outcry::transport
