// transport/origin_policy.h — which pages may connect, and the CORS headers they need.
//
// CORS does not protect a WebSocket: the browser sends the upgrade whatever the answer allows. So
// the same exact list decides on polling and on the upgrade, and what it refuses is not served.
#pragma once

#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace outcry::transport {

class OriginPolicy {
 public:
  /// Origins as browsers send them ("https://app.example.com"), compared byte for byte; "*" alone
  /// allows every origin.
  explicit OriginPolicy(const std::vector<std::string>& allowed);

  /// An absent Origin is no browser's cross-origin request; one whose authority is the request's
  /// own Host is the page's own server.
  [[nodiscard]] bool allows(std::string_view origin, std::string_view host) const;

  /// CORS header lines for a response to an allowed request; empty when none is needed.
  [[nodiscard]] std::string response_headers(std::string_view origin) const;
  /// The same for a preflight (OPTIONS).
  [[nodiscard]] std::string preflight_headers(std::string_view origin,
                                              std::string_view requested_headers) const;

 private:
  std::unordered_set<std::string> allowed_;
  bool any_ = false;
};

}  // namespace outcry::transport
