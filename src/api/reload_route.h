// api/reload_route.h — POST /v1/reload: what SIGHUP does, with an answer.
//
//   200 {"changed":["log.level"],"need_restart":[]}      422 what is wrong, and nothing has changed
//
// Thread: the control thread.
#pragma once

#include "api/router.h"
#include "config/reload.h"

namespace outcry::api {

/// `reloader` must outlive the router's use.
void add_reload_route(Router& router, config::Reloader& reloader);

}  // namespace outcry::api
