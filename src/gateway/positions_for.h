// gateway/positions_for.h — which clients get a position as last argument of every event.
//
// The stock JavaScript client takes a text in that place as its offset (and hands it on to
// handlers, which ignore an argument that they don't name). Others choke on it: python-socketio
// calls a handler with one argument too many, Dart's hands over a list instead of the event's data.
// Nothing in the protocol tells them apart, but their first request does:
//
//   JavaScript        ?EIO=4&transport=websocket     browsers "Mozilla/…"; Node.js none or "node…"
//   python-engineio   ?transport=websocket&EIO=4
//   Dart              ?EIO=4&transport=websocket     "Dart/…"
//
// So `auto` takes whoever asks in JavaScript's order and says to be a browser, Node.js, Deno or
// Bun, or says nothing; a client that isn't known gets none
// (docs/decisions/0020-who-gets-positions.md). Pure. Thread: any.
#pragma once

#include <string_view>

#include "transport/application.h"

namespace outcry::gateway {

/// `clients`: recovery.clients. What the request itself asks for (`recovery=1`, `recovery=0`)
/// comes first; but where they are `asked`, `1` is needed.
[[nodiscard]] bool gets_positions(const transport::OpenRequest& request, std::string_view clients);

}  // namespace outcry::gateway
