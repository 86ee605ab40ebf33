// transport/origin_policy.h — which pages may connect, and the CORS headers they need.
//
// CORS does not protect a WebSocket: the browser sends the upgrade whatever the answer allows. So
// the same exact list decides on polling and on the upgrade, and what it refuses is not served.
#pragma once

#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "transport/client.h"

namespace outcry::transport {

class OriginPolicy {
 public:
  /// Origins as browsers send them ("https://app.example.com"), compared byte for byte; "*" alone
  /// allows every origin.
  explicit OriginPolicy(const std::vector<std::string>& allowed);

  /// An absent Origin is no browser's cross-origin request. One that is the request's own scheme
  /// and Host is a page of this server; of a scheme that nobody said, either may be. A page that
  /// came by plain HTTP is not the secure server's own: anyone on its way may have written it.
  [[nodiscard]] bool allows(std::string_view origin, std::string_view host, Scheme scheme) const;

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
