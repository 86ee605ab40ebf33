// config/tls.h — the files that server.tls_* and operations.tls_* name, read and judged.
#pragma once

#include <memory>

#include "config/config.h"
#include "net/tls_identity.h"

namespace outcry::config {

/// Who the server is on its clients' port; nullptr: it speaks plain HTTP. Throws ConfigError, which
/// names the key, what is wrong with its file, and the remedy.
[[nodiscard]] std::shared_ptr<net::TlsIdentity> clients_tls(const ServerConfig& server);
/// The same on the operations port.
[[nodiscard]] std::shared_ptr<net::TlsIdentity> operations_tls(const OperationsConfig& operations);

/// What keeps those keys from being used; empty: nothing.
[[nodiscard]] Strings tls_problems(const Config& config);

}  // namespace outcry::config
