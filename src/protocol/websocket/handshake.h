// protocol/websocket/handshake.h — the upgrade from HTTP (RFC 6455 §4.2).
//
// Takes the few values it needs and not an http::Request: the codecs don't know each other.
// Origin is policy, and the caller's.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "protocol/websocket/error.h"

namespace outcry::websocket {

/// From the request; views are read during the call only.
struct UpgradeRequest {
  bool is_get = false;
  bool is_http_1_1 = false;
  bool upgrades_to_websocket = false;  // by the token lists of Connection and Upgrade
  std::string_view version{};          // Sec-WebSocket-Version
  std::string_view key{};              // Sec-WebSocket-Key
};

/// The value of a header that a 426 must carry: Sec-WebSocket-Version (§4.4).
inline constexpr std::string_view kVersion = "13";

/// Checks the request against §4.2.1.
/// Errors: method_not_get, http_version_too_old, not_an_upgrade, unsupported_version, invalid_key.
[[nodiscard]] Result<void> check_upgrade(const UpgradeRequest& request);

/// Sec-WebSocket-Accept for a key that check_upgrade accepted (§4.2.2).
[[nodiscard]] std::string accept_value(std::string_view key);

/// The optional parts of the 101; views are read during the call only.
struct UpgradeResponse {
  std::string_view key{};           // Sec-WebSocket-Key of the request
  std::string_view extensions{};    // DeflateAgreement::response, or empty
  std::string_view protocol{};      // the subprotocol chosen, or empty
  std::string_view header_lines{};  // further headers, each ended by CR LF; trusted text
};

/// Appends the 101 response, with its closing empty line.
void append_switching_protocols(std::string& out, const UpgradeResponse& response);

}  // namespace outcry::websocket
