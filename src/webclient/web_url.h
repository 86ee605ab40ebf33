// webclient/web_url.h — which server, and what to ask it for, out of one URL (RFC 3986, RFC 9110).
//
//   https://host[:port][/path][?query]     host: a name, IPv4 or [IPv6]
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "webclient/web_error.h"

namespace outcry::webclient {

struct WebUrl {
  bool tls = true;
  std::string host;  // without brackets
  std::uint16_t port = 443;
  std::string target = "/";  // path and query, as they are sent

  bool operator==(const WebUrl&) const = default;

  /// `host:port`, the port left out if it is the scheme's: the Host header (RFC 9110 §7.2).
  [[nodiscard]] std::string authority() const;
  /// `https://host:port`: for logs. A path or query may hold a secret.
  [[nodiscard]] std::string origin() const;
};

/// Errors: those of the URL in WebError; their messages name the remedy.
[[nodiscard]] Result<WebUrl> parse_web_url(std::string_view url);

}  // namespace outcry::webclient
