// transport/application.h — what a worker's endpoint tells the program behind it.
//
// The endpoint calls these on its loop, never while it iterates over its own tables. An
// implementation may send to and close any session from within; that is recorded and applied at
// the end of the tick.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/ids.h"
#include "net/ip_address.h"
#include "net/tls_stream.h"
#include "net/unique_fd.h"
#include "transport/client.h"
#include "transport/connection_id.h"
#include "transport/options.h"
#include "transport/turned_away.h"

namespace outcry::transport {

class Connection;
class EngineSession;

/// What the request that opened a session said. Views are valid during on_open only.
struct OpenRequest {
  std::size_t engine_path = 0;  // index into TransportOptions::engine_paths
  std::string_view query;
  std::string_view authorization;
  std::string_view user_agent;
  net::IpAddress peer_address;  // the client's, behind whatever trusted proxies
};

/// A connection on its way to the worker that holds the session which its request names.
struct HandedOver {
  net::UniqueFd fd;
  std::unique_ptr<net::TlsStream> tls;  // null: a plain connection
  std::unique_ptr<Incoming> incoming;   // with the request's head, at least
  std::string unread;                   // bytes read beyond what the parser took
  std::string unsent;                   // answers to earlier requests, not yet written
  net::IpAddress peer_address;
  bool over_tls = false;  // as a PROXY header has said
  bool counted = false;   // by Application::on_connect
};

/// Why a request was refused by who sent it, whatever it asked for.
struct RefusedRequest {
  enum class Cause : std::uint8_t { origin, plain_http };
  Cause cause{};
  net::IpAddress client;
  std::string_view origin;  // as sent; empty: none, or none that matters
};

/// A GET below TransportOptions::api_prefix, from a page that may ask. Views into the request,
/// which last until the call returns.
struct ApiRequest {
  ConnectionId connection;  // Endpoint::answer() takes it
  std::string_view path;
  std::string_view query;
  std::string_view authorization;
  net::IpAddress peer_address;  // the client's, behind whatever trusted proxies
};

class Application {
 public:
  /// May this peer have one more TCP connection? Asked before anything is read; not of trusted
  /// proxies, who speak for many. nullopt: yes.
  [[nodiscard]] virtual std::optional<TurnedAway> may_connect(const net::IpAddress&) {
    return std::nullopt;
  }
  /// A connection of such a peer begins here, also one that another worker has handed over; and
  /// ends.
  virtual void on_connect(const net::IpAddress&) {}
  virtual void on_disconnect(const net::IpAddress&) noexcept {}
  /// May this client open one more session? Asked before the upgrade. nullopt: yes.
  [[nodiscard]] virtual std::optional<TurnedAway> may_open(const net::IpAddress&) {
    return std::nullopt;
  }
  /// A request was refused, and is being answered.
  virtual void on_refused(const RefusedRequest&) {}
  virtual void on_open(EngineSession& session, const OpenRequest& request) = 0;
  /// A message packet's text, without its type digit; valid UTF-8.
  virtual void on_text(EngineSession& session, std::string_view text) = 0;
  virtual void on_binary(EngineSession& session, Bytes bytes) = 0;
  /// All that waited has been written, or fetched: what tell_when_drained() asked for.
  virtual void on_drained(EngineSession&) {}
  /// The time is there that EngineSession::confirm() was given to tell of.
  virtual void on_expiring(EngineSession&) {}
  /// The last call for a session; sending to it has no effect any more.
  virtual void on_close(EngineSession& session, CloseReason reason) = 0;
  /// Takes a connection to another worker. False if that worker takes no more now, or doesn't
  /// exist; the connection is answered here if it was not moved from, and closed if it was.
  virtual bool hand_over(WorkerId worker, HandedOver&& connection) = 0;
  /// Is to be answered by Endpoint::answer(), now or later; after the request timeout its client is
  /// cut off.
  virtual void on_api_request(const ApiRequest&) {}
  /// A message on raw_websocket_path.
  virtual void on_raw_message(Connection& connection, Bytes message, bool is_text) = 0;

 protected:
  ~Application() = default;
};

}  // namespace outcry::transport
