// load/main.cpp — outcry_load: many browsers in one process, on this machine only.
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <fstream>
#include <stdexcept>
#include <string>
#include <sys/resource.h>
#include <vector>

#include <CLI/CLI.hpp>
#include <unistd.h>

#include "common/line_input.h"
#include "common/loopback.h"
#include "common/program.h"
#include "common/workload.h"
#include "load/control.h"
#include "load/generator.h"
#include "load/ownership.h"
#include "load/token.h"

namespace outcry::bench {
namespace {

constexpr std::uint32_t kConnectionsMax = 100'000;
constexpr std::int64_t kTokenSeconds =
    3'500;  // servers that follow the contract refuse an `iat` older than 3,600 s
constexpr std::uint64_t kNsPerSecond = 1'000'000'000;

struct Options {
  GeneratorOptions generator;
  std::string address = "127.0.0.1:5000";
  std::string secret_file;
  std::string write_sqlite;
  std::vector<std::string> pids;
  std::uint32_t setup_seconds = 120;
  std::uint32_t seconds = 10;
  std::uint32_t life_seconds = 3'400;
  std::vector<std::string> latest;
  std::string transport = "websocket";
  bool bare = false;
  bool control = false;
  bool no_join = false;
};

void declare_transport(CLI::App& app, Options& options) {
  app.add_option("--transport", options.transport, "websocket, or Engine.IO's HTTP long-polling")
      ->check(CLI::IsMember({"websocket", "polling"}))
      ->capture_default_str();
  app.add_flag("--bare", options.bare,
               "nothing above the WebSocket: for outcry_limit, which is told the challenge in the "
               "request's query");
  app.add_flag("--deflate", options.generator.deflate,
               "offer permessage-deflate without context takeover");
  app.add_flag("--tls", options.generator.tls.enabled, "TLS 1.2 or newer");
  app.add_option("--tls-ca", options.generator.tls.ca_file,
                 "verify the server with this CA file (default: not verified)");
  app.add_flag("!--tls-no-resumption", options.generator.tls.resume,
               "a connection that comes back offers no ticket");
}

void declare_readers(CLI::App& app, Options& options) {
  app.add_option("--slow-share", options.generator.slow_share,
                 "this share of the connections are slow readers, which `stall` makes stop reading")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  app.add_option("--slow-buffer", options.generator.slow_buffer_bytes,
                 "a slow reader's receive buffer in bytes")
      ->check(CLI::Range(2'048, 16'777'216))
      ->capture_default_str();
  app.add_option("--latest", options.latest,
                 "an event of which only the newest of each key must arrive (repeatable; default: "
                 "every event must arrive)")
      ->check(CLI::IsMember(std::vector<std::string>(kEventNames.begin(), kEventNames.end())));
}

void declare(CLI::App& app, Options& options) {
  options.generator.rooms = 0;  // not given: one for each connection
  declare_transport(app, options);
  declare_readers(app, options);
  app.add_option("--connect", options.address, "server, a literal in 127.0.0.0/8 with port")
      ->capture_default_str();
  app.add_option("--path", options.generator.path, "Engine.IO path")->capture_default_str();
  app.add_option("--connections", options.generator.connections, "connections to open")
      ->check(CLI::Range(1U, kConnectionsMax))
      ->capture_default_str();
  app.add_option("--rooms", options.generator.rooms,
                 "challenges; connection i joins number i % ROOMS (default: one each)")
      ->check(CLI::Range(1U, kConnectionsMax));
  app.add_option("--in-flight", options.generator.in_flight_max, "handshakes at a time")
      ->check(CLI::Range(1U, 10'000U))
      ->capture_default_str();
  app.add_flag("--no-join", options.no_join, "stop at the CONNECT answer");
  app.add_option("--secret-file", options.secret_file,
                 "file with the HS256 secret that signs the tokens");
  app.add_option("--pid", options.pids,
                 "NAME=PID of a process to report CPU and memory of (repeatable)");
  app.add_option("--setup-seconds", options.setup_seconds, "give up on the set-up after this time")
      ->check(CLI::Range(1U, 3'000U))
      ->capture_default_str();
  app.add_option("--seconds", options.seconds,
                 "without --control: listen this long, report, and end")
      ->check(CLI::Range(1U, 3'000U))
      ->capture_default_str();
  app.add_option("--life-seconds", options.life_seconds,
                 "with --control: end after this time whatever happens")
      ->check(CLI::Range(1U, 3'400U))
      ->capture_default_str();
  app.add_flag("--control", options.control, "after the set-up take commands from standard input");
  app.add_option("--write-sqlite", options.write_sqlite,
                 "write who owns which challenge to this new file, and end");
}

std::string read_secret(const std::string& file) {
  std::ifstream in(file);
  std::string secret;
  if (!std::getline(in, secret) || secret.empty())
    throw std::runtime_error("--secret-file: no secret in '" + file + "'");
  return secret;
}

WatchedProcesses parse_pids(const std::vector<std::string>& texts) {
  WatchedProcesses out;
  for (const std::string& text : texts) {
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos || equals == 0)
      throw std::runtime_error("--pid: expected NAME=PID, got " + text);
    out.emplace_back(text.substr(0, equals),
                     static_cast<pid_t>(std::stol(text.substr(equals + 1))));
  }
  return out;
}

void raise_descriptor_limit(std::uint32_t connections) {
  constexpr rlim_t kOwnDescriptors = 16;
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  if (setrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur < connections + kOwnDescriptors) {
    throw std::runtime_error(
        fmt::format("{} connections need more descriptors than the {} allowed here", connections,
                    static_cast<std::uint64_t>(limit.rlim_cur)));
  }
}

/// Reads commands until `quit`, the end of input, or `end_ns`.
void take_commands(Generator& generator, Control& control, std::uint64_t end_ns) {
  generator.watch(STDIN_FILENO);
  LineInput input(STDIN_FILENO);
  while (monotonic_ns() < end_ns) {
    if (!generator.poll(100)) continue;
    if (!input.read()) return;
    while (const auto line = input.take()) {
      if (*line == "quit") return;
      print_line(control.run(*line));
    }
  }
}

LatestKinds parse_latest(const std::vector<std::string>& names) {
  LatestKinds out;
  for (const std::string& name : names) {
    if (const auto kind = event_kind(name)) out.set(static_cast<std::size_t>(*kind));
  }
  return out;
}

SessionMode mode_of(const Options& options) {
  if (options.bare) return SessionMode::bare;
  return options.transport == "polling" ? SessionMode::polling : SessionMode::websocket;
}

int run(Options& options) {
  if (options.generator.rooms == 0) options.generator.rooms = options.generator.connections;
  if (!options.write_sqlite.empty()) {
    write_ownership(options.write_sqlite, options.generator.rooms);
    return 0;
  }
  const auto server = parse_loopback(options.address);
  if (!server)
    throw std::runtime_error("--connect: only 127.x.y.z:PORT is allowed, got " + options.address);
  const std::string secret = options.bare ? std::string() : read_secret(options.secret_file);
  raise_descriptor_limit(options.generator.connections);
  options.generator.server = *server;
  options.generator.host = options.address;
  options.generator.join = !options.no_join;
  options.generator.mode = mode_of(options);
  std::signal(SIGPIPE, SIG_IGN);  // TLS writes with write(), which has no flag against it

  const std::int64_t now = std::time(nullptr);
  const std::uint64_t end_ns = monotonic_ns() + options.life_seconds * kNsPerSecond;
  Generator generator(options.generator, [&](std::uint32_t user) {
    return options.bare ? std::string()
                        : mint_token(secret, user_id(user), now, now + kTokenSeconds);
  });
  Control control(generator, parse_pids(options.pids), parse_latest(options.latest),
                  options.setup_seconds);
  print_line(control.set_up());
  if (options.control) {
    take_commands(generator, control, end_ns);
  } else {
    const std::uint64_t from = monotonic_ns();
    const std::uint64_t to = from + options.seconds * kNsPerSecond;
    print_line(control.measure(from, to, to));
  }
  const Faults& faults = generator.measurement().faults();
  const bool good = generator.failed() == 0 && generator.settled() && faults.misdelivered == 0 &&
                    faults.out_of_sequence == 0;
  return good ? 0 : 1;
}

}  // namespace
}  // namespace outcry::bench

int main(int argc, char** argv) {
  return outcry::bench::run_program(
      argc, argv, "outcry_load",
      "opens many Socket.IO connections on this machine and measures what they receive",
      outcry::bench::declare, outcry::bench::run);
}
