// protocol/proxy/proxy_header.h — the PROXY protocol, versions 1 and 2: what a proxy that passes
// bytes on, and not requests, says of its client before the first of them.
//
//   version 1   PROXY TCP4 192.0.2.7 198.51.100.1 56324 443\r\n
//   version 2   signature · 0x21 · 0x11 · length · addresses · TLVs
//
// Strict: the header is believed only from trusted proxies, which have no reason to send it in any
// other way than the specification (HAProxy, doc/proxy-protocol.txt). Pure: bytes in, values out.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/result.h"
#include "protocol/proxy/proxy_error.h"

namespace outcry::proxy {

/// A line of version 1, with its CR LF.
inline constexpr std::size_t kLineBytesMax = 107;
/// A header of version 2, its TLVs included. Those of AWS and Azure have tens of bytes; those with
/// a client's names or certificate some hundreds to thousands.
inline constexpr std::size_t kHeaderBytesMax = 4096;

struct ProxyHeader {
  std::size_t bytes = 0;  // its own: the connection's first byte comes after them
  /// The client's address, IPv4 as IPv6 holds it (::ffff:a.b.c.d). Absent: the proxy speaks for
  /// itself (LOCAL: a health check), or doesn't know (UNKNOWN, a local socket).
  std::optional<std::array<std::uint8_t, 16>> client;
  bool client_over_tls = false;  // said by version 2 alone (PP2_TYPE_SSL)
};

/// The header at the beginning of a connection; nullopt if more bytes are needed, of which none may
/// be taken for the connection's. Errors: a ProxyError, as soon as it is certain.
[[nodiscard]] Result<std::optional<ProxyHeader>> read_proxy_header(std::string_view bytes);

}  // namespace outcry::proxy
