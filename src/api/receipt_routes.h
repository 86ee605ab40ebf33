// api/receipt_routes.h — what became of an event, for back ends.
//
//   GET /v1/events/{id}/receipts?after=SID&limit=N                 `id` as it was published
//   GET /v1/events/{id}/receipts?event=NAME&room=ROOM              `id` of its payload
//
// `namespace` chooses another than "/".
#pragma once

#include "api/router.h"
#include "gateway/operations.h"

namespace outcry::api {

/// `operations` must outlive the router.
void add_receipt_routes(Router& router, gateway::Operations& operations);

}  // namespace outcry::api
