// webclient/web_message.h — a request and its answer, as plain values.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "webclient/web_error.h"

namespace outcry::webclient {

using WebHeaders = std::vector<std::pair<std::string, std::string>>;

struct WebRequest {
  std::string method = "GET";
  std::string target = "/";  // path and query
  WebHeaders headers;        // beside Host, User-Agent and Content-Length
  std::string body;
  /// Asked twice is as good as once: where a kept connection turns out to have been closed by the
  /// server, the request is sent again over a new one.
  bool repeatable = false;
};

/// Any status, also 3xx: a redirect is not followed. Interim (1xx) answers are left out.
struct WebResponse {
  unsigned status = 0;
  WebHeaders headers;
  std::string body;

  /// The value of the first header of that name, in whatever case; empty if there is none.
  [[nodiscard]] std::string_view header(std::string_view name) const noexcept;
};

/// Called exactly once. Must not throw.
using WebAnswer = std::move_only_function<void(Result<WebResponse>)>;

}  // namespace outcry::webclient
