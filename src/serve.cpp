#include "serve.h"

#include <csignal>
#include <cstdio>

#include <boost/asio/io_context.hpp>
#include <fmt/format.h>

#include "api/ban_routes.h"
#include "api/event_routes.h"
#include "api/health_routes.h"
#include "api/member_routes.h"
#include "api/operations_server.h"
#include "api/publish_routes.h"
#include "api/receipt_routes.h"
#include "api/reload_route.h"
#include "api/revocation_routes.h"
#include "base/log.h"
#include "config/config.h"
#include "config/reload.h"
#include "config/tls.h"
#include "gateway/gateway.h"
#include "signals.h"

namespace outcry {
namespace {

log::Level level_of(const std::string& name) {
  if (name == "debug") return log::Level::debug;
  if (name == "warning") return log::Level::warning;
  if (name == "error") return log::Level::error;
  return log::Level::info;
}

/// Ends the writer also when an exception leaves serve().
struct LogScope {
  explicit LogScope(log::Level level) { log::start(level); }
  ~LogScope() { log::stop(); }
  LogScope(const LogScope&) = delete;
  LogScope& operator=(const LogScope&) = delete;
};

void listen_for_operations(api::OperationsServer& server, const config::Config& config) {
  const auto address = config::parse_listen_address(config.operations.listen);
  const auto error = address ? server.listen(address->host, address->port)
                             : std::make_error_code(std::errc::invalid_argument);
  if (error) {
    throw config::ConfigError(fmt::format("operations.listen: can't listen on {}: {}",
                                          config.operations.listen, error.message()));
  }
}

/// What is neither the gateway's nor a worker's.
void add_reloads(config::Reloader& reloader, api::OperationsServer& operations,
                 gateway::Gateway& gateway) {
  reloader.add([](const config::Config& next, config::Strings&) {
    return [level = level_of(next.log.level)] { log::set_level(level); };
  });
  reloader.add([&operations](const config::Config& next, config::Strings&) {
    return [&operations, keys = next.operations.api_keys] { operations.set_api_keys(keys); };
  });
  reloader.add([&operations, &gateway](const config::Config& next, config::Strings& changed) {
    auto tls = config::operations_tls(next.operations);
    const net::TlsIdentity* running = gateway.certificates().in_use("operations");
    const bool is_same = tls && running != nullptr ? tls->same_as(*running) : !tls && !running;
    if (is_same) return config::Reloader::Commit();
    config::note_new_content(changed, "operations.tls_certificate_file");
    return config::Reloader::Commit([&operations, &gateway, tls = std::move(tls)] {
      operations.use(tls);
      gateway.certificates().use("operations", tls);
    });
  });
}

}  // namespace

int serve(const cli::ServeOptions& options) {
  const config::LoadOptions load{.file = options.config,
                                 .environment = config::process_environment(),
                                 .development = options.development};
  const auto loaded = config::load_config(load);
  const config::Config& config = loaded.config;
  for (const std::string& notice : loaded.notices) fmt::print(stderr, "{}\n", notice);
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);  // a file at its limit is an error of that write
  const LogScope log_scope(level_of(config.log.level));

  boost::asio::io_context io(1);
  config::Reloader reloader(load, config);
  gateway::Gateway gateway(io, config, &reloader);
  api::Router router;
  api::add_publish_routes(router, gateway);
  api::add_member_routes(router, gateway);
  api::add_ban_routes(router, gateway);
  api::add_revocation_routes(router, gateway);
  api::add_event_routes(router, gateway);
  api::add_receipt_routes(router, gateway);
  api::add_health_routes(router, gateway);
  api::add_reload_route(router, reloader);
  const auto operations_tls = config::operations_tls(config.operations);
  api::OperationsServer operations(io,
                                   {.api_keys = config.operations.api_keys,
                                    .body_bytes_max = config.operations.body_bytes_max,
                                    .tls = operations_tls,
                                    .on_key_refused =
                                        [&gateway](const std::string& address) {
                                          gateway.audit().add_administration("key_refused", {},
                                                                             address);
                                        }},
                                   std::move(router));
  gateway.certificates().use("operations", operations_tls);
  listen_for_operations(operations, config);
  add_reloads(reloader, operations, gateway);
  gateway.start();
  const Shutdown shutdown(io, gateway, config.server.drain);
  const Hangup hangup(io, reloader);
  log::info("serving operations on {}{}", config.operations.listen,
            operations_tls ? " over TLS" : "");
  io.run();
  operations.stop();
  gateway.stop();
  log::info("ended");
  return cli::kExitDone;
}

}  // namespace outcry
