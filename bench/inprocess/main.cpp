// inprocess/main.cpp — outcry_inprocess: the gateway, with a publisher on its control thread.
#include <chrono>
#include <csignal>
#include <cstdint>
#include <string>
#include <sys/prctl.h>

#include <CLI/CLI.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <unistd.h>

#include "base/log.h"
#include "common/line_input.h"
#include "common/loopback.h"
#include "common/program.h"
#include "common/workload.h"
#include "config/config.h"
#include "gateway/gateway.h"
#include "inprocess/gateway_publisher.h"
#include "load/process_stats.h"

namespace outcry::bench {
namespace {

struct Options {
  std::string config;
  InprocessOptions publisher;
  std::uint32_t life_seconds = 3'400;
};

void declare(CLI::App& app, Options& options) {
  app.add_option("--config", options.config, "as `outcry serve` reads it; listens on 127.0.0.0/8")
      ->required();
  app.add_option("--template", options.publisher.templates,
                 "arguments of an event, bench/publisher/templates/arguments.hex; FILE=WEIGHT "
                 "where several are mixed (repeatable)")
      ->required();
  app.add_option("--rooms", options.publisher.rooms, "as the generator's: challenges 0..ROOMS-1")
      ->check(CLI::Range(1U, 9'999'999U))
      ->capture_default_str();
  app.add_option("--keys", options.publisher.keys, "symbols of equity_updated, drawn at random")
      ->check(CLI::Range(std::uint32_t{1}, static_cast<std::uint32_t>(kSymbols.size())))
      ->capture_default_str();
  app.add_option("--life-seconds", options.life_seconds, "end after this time whatever happens")
      ->check(CLI::Range(1U, 3'400U))
      ->capture_default_str();
}

/// Standard input, one command after the other; ends the loop at `quit` and at the end of input.
class Commands {
 public:
  Commands(boost::asio::io_context& io, GatewayPublisher& publisher)
      : io_(io), publisher_(publisher), input_(STDIN_FILENO), descriptor_(io, dup(STDIN_FILENO)) {
    wait();
  }

 private:
  void wait() {
    descriptor_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                           [this](boost::system::error_code error) {
                             if (error) return;
                             if (!input_.read()) return io_.stop();
                             take_lines();
                             wait();
                           });
  }

  void take_lines() {
    while (!publisher_.is_busy()) {
      const auto line = input_.take();
      if (!line) return;
      if (*line == "quit") return io_.stop();
      run(*line);
    }
  }

  void run(const std::string& line) {
    if (line == "memory") {
      const auto sample = sample_process(getpid());
      return print_line(fmt::format(R"({{"resident_kb":{}}})", sample ? sample->resident_kb : 0));
    }
    const auto command = parse_publish(line, monotonic_ns());
    if (!command) {
      return print_line(error_answer("memory | publish room|random RATE BURST FROM TO [LEDGER]"));
    }
    publisher_.start(*command, [this](const std::string& report) {
      print_line(report);
      take_lines();
    });
  }

  boost::asio::io_context& io_;
  GatewayPublisher& publisher_;
  LineInput input_;
  boost::asio::posix::stream_descriptor descriptor_;
};

/// Ends the log's writer also when an exception leaves run().
struct LogScope {
  LogScope() { log::start(log::Level::warning); }
  ~LogScope() { log::stop(); }
  LogScope(const LogScope&) = delete;
  LogScope& operator=(const LogScope&) = delete;
};

int run(const Options& options) {
  const auto loaded =
      config::load_config({.file = options.config, .environment = config::process_environment()});
  if (!parse_loopback(loaded.config.server.listen)) {
    throw std::runtime_error("server.listen: only 127.x.y.z:PORT is allowed here");
  }
  std::signal(SIGPIPE, SIG_IGN);
  (void)prctl(PR_SET_TIMERSLACK, 1'000UL);  // without it a paced run is coarser
  const LogScope log_scope;
  boost::asio::io_context io(1);
  gateway::Gateway gateway(io, loaded.config);
  gateway.start();
  GatewayPublisher publisher(io, gateway, options.publisher);
  const Commands commands(io, publisher);
  boost::asio::steady_timer life(io, std::chrono::seconds(options.life_seconds));
  life.async_wait([&io](boost::system::error_code) { io.stop(); });
  print_line(fmt::format(R"({{"listening":"{}"}})", loaded.config.server.listen));
  io.run();
  gateway.stop();
  return 0;
}

}  // namespace
}  // namespace outcry::bench

int main(int argc, char** argv) {
  return outcry::bench::run_program(argc, argv, "outcry_inprocess",
                                    "the gateway on this machine, publishing from within",
                                    outcry::bench::declare, outcry::bench::run);
}
