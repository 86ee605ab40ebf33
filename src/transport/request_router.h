// transport/request_router.h — what an HTTP request on the client port means.
//
//   /socket.io/?EIO=4&transport=polling            GET: open, poll   POST: packets   OPTIONS: CORS
//   /socket.io/?EIO=4&transport=websocket          upgrade: open, or probe with &sid=
//   any other path                                 a static file, or 404
//
// The order of the checks, codes and bodies are those of the reference server, which clients and
// proxies have learnt to read (docs/reference/protocol.md).
// Thread: the connection's worker only.
#pragma once

#include <optional>

#include "base/ids.h"
#include "transport/connection.h"

namespace outcry::transport {

/// The worker that holds the session which the request names, if it is another one.
[[nodiscard]] std::optional<WorkerId> home_of_request(Endpoint& endpoint,
                                                      const Connection& connection);
/// Looks at a request whose head is complete: a POST occupies its session from here on.
void route_head(Endpoint& endpoint, Connection& connection);
/// Answers a complete request, upgrades its connection, or binds it to wait.
void route_request(Endpoint& endpoint, Connection& connection);

}  // namespace outcry::transport
