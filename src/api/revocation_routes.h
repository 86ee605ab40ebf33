// api/revocation_routes.h — POST /v1/revoke: tokens that are taken back before their end.
//
//   {"jti":"0c9d…"}  ─▶  sockets that live by it end, and it is refused from then on
//
// Thread: the control thread.
#pragma once

#include "api/router.h"
#include "gateway/operations.h"

namespace outcry::api {

/// `operations` must outlive the router's use.
void add_revocation_routes(Router& router, gateway::Operations& operations);

}  // namespace outcry::api
