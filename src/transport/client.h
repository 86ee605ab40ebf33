// transport/client.h — who sent a request: found by its head (access.h), kept while it is answered.
#pragma once

#include <cstdint>

#include "net/ip_address.h"
#include "protocol/http/request.h"

namespace outcry::transport {

/// How a request began its way here.
enum class Scheme : std::uint8_t {
  unsaid,  // plain where it reached us, and nobody knows of anything before
  http,    // a trusted proxy says so
  https,
};

struct Client {
  /// What became of X-Forwarded-For and -Proto.
  enum class Word : std::uint8_t { none, taken, ignored, malformed };

  net::IpAddress address;
  Scheme scheme = Scheme::unsaid;
  Word forwarded = Word::none;
};

/// A request that arrives, and is answered. Rare: a connection that waits, or has become a
/// WebSocket, has none.
struct Incoming {
  explicit Incoming(const http::RequestLimits& limits) : parser(limits) {}

  http::RequestParser parser;
  Client client;            // once identified
  bool identified = false;  // its head was looked at
};

}  // namespace outcry::transport
