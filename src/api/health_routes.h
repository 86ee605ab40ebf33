// api/health_routes.h — GET /livez, /readyz, /metrics: for probes and scrapers, without a key.
//
// /livez says that the control thread runs: restart the process if it doesn't answer. /readyz says
// whether to send clients here: a gateway that hears nothing from Redis is alive, but not ready.
// Thread: the control thread.
#pragma once

#include "api/router.h"
#include "gateway/operations.h"

namespace outcry::api {

/// `operations` must outlive the router's use.
void add_health_routes(Router& router, gateway::Operations& operations);

}  // namespace outcry::api
