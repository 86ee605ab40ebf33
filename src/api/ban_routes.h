// api/ban_routes.h — GET /v1/bans, POST /v1/unban: who may not connect for a while, and pardon.
//
//   {"bans":[{"user":"u7","seconds_left":540},{"address":"192.0.2.1","seconds_left":12}]}
//   {"user":"u7"} or {"address":"192.0.2.1"}  ─▶  {"lifted":true}
//
// Thread: the control thread.
#pragma once

#include <expected>
#include <string_view>

#include "api/problem_details.h"
#include "api/router.h"
#include "gateway/operations.h"

namespace outcry::api {

/// Problems: malformed_request if it isn't JSON (RFC 8259), invalid_field otherwise.
[[nodiscard]] std::expected<gateway::BanTarget, Problem> decode_pardon(std::string_view body);

/// `operations` must outlive the router's use.
void add_ban_routes(Router& router, gateway::Operations& operations);

}  // namespace outcry::api
