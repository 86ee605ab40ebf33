// gateway/config_tls.h — the files that server.tls_* name, read and judged.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "gateway/config.h"
#include "net/tls_identity.h"

namespace outcry::gateway {

/// What keeps these keys from being used, and the remedy; nullopt if nothing, as without TLS.
[[nodiscard]] std::optional<std::string> tls_problem(const ServerConfig& server);

/// Who the server is on TLS; nullptr without it. Throws ConfigError with that problem.
[[nodiscard]] std::shared_ptr<net::TlsIdentity> tls_identity(const ServerConfig& server);

}  // namespace outcry::gateway
