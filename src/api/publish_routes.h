// api/publish_routes.h — POST /v1/publish, /v1/broadcast, /v1/batch (docs/reference/http-api.md).
//
// A batch is checked as a whole before any of it is published. What fails after that is the
// gateway's state, not the caller's words: he may repeat the same request with the same ids.
// Thread: the control thread.
#pragma once

#include "api/publish_body.h"
#include "api/router.h"
#include "gateway/operations.h"

namespace outcry::api {

/// `operations` must outlive the router's use.
void add_publish_routes(Router& router, gateway::Operations& operations,
                        const PublishLimits& limits = {});

}  // namespace outcry::api
