// common/loopback.h — the only addresses that the load programs talk to.
//
// A load generator pointed at someone else's server is an attack, so neither program has a way to
// leave the machine: an address is a literal in 127.0.0.0/8, never a name that could resolve
// elsewhere.
#pragma once

#include <netinet/in.h>
#include <optional>
#include <string_view>

namespace outcry::bench {

/// Parses "127.x.y.z:PORT". nullopt for anything else: names, other networks, port 0.
[[nodiscard]] std::optional<sockaddr_in> parse_loopback(std::string_view address);

}  // namespace outcry::bench
