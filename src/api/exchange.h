// api/exchange.h — one HTTP request and its answer, without HTTP.
//
// Routes see these plain values and the server sees the routes through the Router: what a route
// decides is tested without a socket, and the heavy HTTP templates stay in one file.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace outcry::api {

/// Borrowed: valid until the route's handler returns.
struct Request {
  std::string_view path;   // as sent, without the query
  std::string_view query;  // after '?'; empty if absent
  std::string_view body;
  std::string parameter;             // what stands for {…} in the route's path, decoded
  std::string_view idempotency_key;  // of the header; empty if absent
  /// Which of the API keys was shown, not what it is (ApiKeys::id_of); empty: none was needed.
  std::string_view key_id;
};

/// Who asks, as records say it: "api:KEY_ID".
[[nodiscard]] inline std::string source_of(const Request& request) {
  return "api:" + std::string(request.key_id);
}

struct Response {
  unsigned status = 200;
  std::string content_type = "application/json";
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;
};

/// Gives the answer, once, now or later. One that comes too late is dropped.
using Respond = std::move_only_function<void(Response)>;
using Handler = std::function<void(const Request&, Respond)>;

}  // namespace outcry::api
