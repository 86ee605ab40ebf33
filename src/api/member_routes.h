// api/member_routes.h — POST /v1/remove: a user's right to a room has ended.
//
//   {"room":"challenge_7","user":"u7"}  ─▶  his sockets leave the room, and what was remembered
//                                           about his right to it is forgotten
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
[[nodiscard]] std::expected<gateway::MemberRemoval, Problem> decode_removal(std::string_view body);

/// `operations` must outlive the router's use.
void add_member_routes(Router& router, gateway::Operations& operations);

}  // namespace outcry::api
