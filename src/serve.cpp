#include "serve.h"

#include <csignal>
#include <cstdio>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <fmt/format.h>

#include "api/health_routes.h"
#include "api/operations_server.h"
#include "api/publish_routes.h"
#include "base/log.h"
#include "gateway/config.h"
#include "gateway/gateway.h"

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

void listen_for_operations(api::OperationsServer& server, const gateway::Config& config) {
  const auto address = gateway::parse_listen_address(config.operations.listen);
  const auto error = address ? server.listen(address->host, address->port)
                             : std::make_error_code(std::errc::invalid_argument);
  if (error) {
    throw gateway::ConfigError(fmt::format("operations.listen: can't listen on {}: {}",
                                           config.operations.listen, error.message()));
  }
}

/// First signal: drain, then end. Second: end now.
class Shutdown {
 public:
  Shutdown(boost::asio::io_context& io, gateway::Gateway& gateway, std::chrono::milliseconds drain)
      : io_(io), gateway_(gateway), drain_(drain), signals_(io, SIGINT, SIGTERM), timer_(io) {
    wait();
  }

 private:
  void wait() {
    signals_.async_wait([this](boost::system::error_code error, int signal) {
      if (error) return;
      if (draining_) return io_.stop();
      draining_ = true;
      log::info("signal {}: draining for up to {} ms", signal, drain_.count());
      gateway_.drain();
      poll_until(steady_now() + drain_);
      wait();
    });
  }

  void poll_until(TimePoint deadline) {
    gateway_.collect_metrics([this, deadline](const std::vector<observe::MetricSample>& samples) {
      double sessions = 0;
      for (const auto& sample : samples) {
        if (sample.name == "outcry_engine_sessions") sessions += sample.value;
      }
      if (sessions == 0 || steady_now() >= deadline) return io_.stop();
      timer_.expires_after(std::chrono::milliseconds(20));
      timer_.async_wait([this, deadline](boost::system::error_code error) {
        if (!error) poll_until(deadline);
      });
    });
  }

  boost::asio::io_context& io_;
  gateway::Gateway& gateway_;
  std::chrono::milliseconds drain_;
  boost::asio::signal_set signals_;
  boost::asio::steady_timer timer_;
  bool draining_ = false;
};

}  // namespace

int serve(const cli::ServeOptions& options) {
  const auto loaded = gateway::load_config({.file = options.config,
                                            .environment = gateway::process_environment(),
                                            .development = options.development});
  const gateway::Config& config = loaded.config;
  for (const std::string& notice : loaded.notices) fmt::print(stderr, "{}\n", notice);
  std::signal(SIGPIPE, SIG_IGN);
  const LogScope log_scope(level_of(config.log.level));

  boost::asio::io_context io(1);
  gateway::Gateway gateway(io, config);
  api::Router router;
  api::add_publish_routes(router, gateway);
  api::add_health_routes(router, gateway);
  api::OperationsServer operations(
      io,
      {.api_keys = config.operations.api_keys, .body_bytes_max = config.operations.body_bytes_max},
      std::move(router));
  listen_for_operations(operations, config);
  gateway.start();
  const Shutdown shutdown(io, gateway, config.server.drain);
  log::info("serving operations on {}", config.operations.listen);
  io.run();
  operations.stop();
  gateway.stop();
  log::info("ended");
  return cli::kExitDone;
}

}  // namespace outcry
