// api/operations_tls.h — how the operations port speaks TLS.
// Thread: the control thread.
#pragma once

#include <memory>

#include <boost/asio/ssl/context.hpp>

#include "net/tls_identity.h"

namespace outcry::api {

/// Settings for the connections from now on. nullptr for a port that is plain.
[[nodiscard]] std::shared_ptr<boost::asio::ssl::context> tls_settings(
    const net::TlsIdentity* identity);

}  // namespace outcry::api
