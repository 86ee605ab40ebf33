// gateway/gateway_setup.h — the configuration, translated into what the parts below take.
#pragma once

#include <cstddef>
#include <limits>
#include <memory>
#include <string>

#include <boost/asio/any_io_executor.hpp>

#include "config/config.h"
#include "gateway/client_context.h"
#include "store/owner_store.h"
#include "transport/options.h"
#include "transport/static_files.h"

namespace outcry::gateway {

/// server.workers, or what place() finds right for this machine.
[[nodiscard]] std::size_t worker_count(const config::Config& config);
/// A worker's. Throws ConfigError if the files of server.tls_* can't be used. `files`: how many the
/// process may have open; clients leave some of them to Redis, the store, operations and the log.
[[nodiscard]] transport::TransportOptions transport_options(
    const config::Config& config, std::size_t files = std::numeric_limits<std::size_t>::max());
/// The parts of them that a reload may replace. The configuration has been checked.
[[nodiscard]] transport::AccessOptions access_options(const config::ServerConfig& server);
[[nodiscard]] transport::ConnectionLimits connection_limits(const limits::Limits& limits);
/// Throws ConfigError for room templates that can't be used. `config` must outlive the rules.
/// `key`: of the ids that clients come back with.
[[nodiscard]] SharedRules shared_rules(const config::Config& config,
                                       const RecoveryIds::Key& key = RecoveryIds::make_key());
/// Throws ConfigError if server.static_dir can't be read; empty without it.
[[nodiscard]] transport::StaticFiles static_files(const config::Config& config);
/// store.url's database; null if there is none. Throws ConfigError for a query that an SQLite file
/// refuses; PostgreSQL is asked later, and tells in readiness.
[[nodiscard]] std::unique_ptr<store::OwnerStore> owner_store(
    const config::StoreConfig& config, const boost::asio::any_io_executor& executor);
/// Raises the soft limit of open files to the hard one; returns what came of it.
[[nodiscard]] std::size_t raise_file_limit();
/// What is wrong if `files` are too few for the configured number of connections, or nothing.
[[nodiscard]] std::string file_shortage(const config::Config& config, std::size_t files);

}  // namespace outcry::gateway
