// api/event_routes.h — what a room was told, for back ends.
//
//   GET /v1/rooms/{room}/events?since=OFFSET&limit=N     events after that, oldest first
//   GET /v1/rooms/{room}/events?last=N                   the newest ones
//
// `namespace` chooses another than "/". `must` events only: of the others nothing but the newest
// counts.
#pragma once

#include "api/router.h"
#include "gateway/operations.h"

namespace outcry::api {

/// `operations` must outlive the router.
void add_event_routes(Router& router, gateway::Operations& operations);

}  // namespace outcry::api
