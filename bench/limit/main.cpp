// limit/main.cpp — outcry_limit: the fastest that this machine's kernel lets anybody deliver.
#include <cstdint>
#include <ctime>
#include <stdexcept>
#include <string>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <vector>

#include <CLI/CLI.hpp>
#include <unistd.h>

#include "common/line_input.h"
#include "common/loopback.h"
#include "common/program.h"
#include "common/workload.h"
#include "limit/limit_server.h"
#include "load/process_stats.h"
#include "publisher/event_source.h"
#include "publisher/publish_command.h"

namespace outcry::bench {
namespace {

constexpr std::uint64_t kNsPerSecond = 1'000'000'000;
constexpr std::uint64_t kNsPerMs = 1'000'000;

struct Options {
  std::string listen = "127.0.0.1:5000";
  std::vector<std::string> templates;
  std::uint32_t rooms = 1;
  std::uint32_t keys = 1;
  std::uint32_t life_seconds = 3'400;
};

void declare(CLI::App& app, Options& options) {
  app.add_option("--listen", options.listen, "a literal in 127.0.0.0/8 with port")
      ->capture_default_str();
  app.add_option("--template", options.templates,
                 "arguments of an event, bench/publisher/templates/arguments.hex")
      ->required();
  app.add_option("--rooms", options.rooms, "as the generator's: challenges 0..ROOMS-1")
      ->check(CLI::Range(1U, 9'999'999U))
      ->capture_default_str();
  app.add_option("--keys", options.keys, "symbols of equity_updated, drawn at random")
      ->check(CLI::Range(std::uint32_t{1}, static_cast<std::uint32_t>(kSymbols.size())))
      ->capture_default_str();
  app.add_option("--life-seconds", options.life_seconds, "end after this time whatever happens")
      ->check(CLI::Range(1U, 3'400U))
      ->capture_default_str();
}

std::string frame_of(const Capture& capture) {
  return text_frame(event_packet(capture));
}

/// Publishes as the command says; a connection that comes meanwhile waits a millisecond at most.
std::string publish(const Options& options, LimitServer& server, const PublishCommand& command) {
  EventSource source(load_templates(options.templates, frame_of),
                     {.rooms = options.rooms,
                      .symbols = options.keys,
                      .from_ns = command.from_ns,
                      .to_ns = command.to_ns,
                      .keep_ledger = !command.ledger.empty()});
  const std::uint64_t start = monotonic_ns();
  const double cpu_before = cpu_seconds();
  const std::uint64_t waits_before = server.waits();
  BurstPacer pacer(command, start);
  std::uint64_t deliveries = 0;
  std::uint64_t polled_ns = start;
  std::string frames;
  for (std::uint64_t now = start; now < command.to_ns; now = monotonic_ns()) {
    const std::uint64_t due = pacer.take(now);
    for (std::uint64_t burst = 0; burst < due; ++burst) {
      const std::uint32_t room = command.to_random_rooms ? source.draw_room() : 0;
      frames.clear();
      for (std::uint32_t i = 0; i < command.burst; ++i) source.append(frames, room);
      deliveries += server.send_to_room(room, frames) * command.burst;
    }
    if (due == 0) {
      const timespec tick{0, 20'000};
      clock_nanosleep(CLOCK_MONOTONIC, 0, &tick, nullptr);
    }
    if (now - polled_ns >= kNsPerMs) {
      polled_ns = now;
      server.poll(0);
    }
  }
  const double seconds = static_cast<double>(monotonic_ns() - start) / 1e9;
  if (source.ledger()) source.ledger()->write(command.ledger);
  return publish_report(
      source.tally(), seconds, cpu_seconds() - cpu_before, pacer.given_up(),
      fmt::format(R"("deliveries":{},"waits":{})", deliveries, server.waits() - waits_before));
}

std::string answer(const Options& options, LimitServer& server, const std::string& line) {
  if (line == "memory") {
    const auto sample = sample_process(getpid());
    return fmt::format(R"({{"resident_kb":{},"connections":{}}})", sample ? sample->resident_kb : 0,
                       server.connections());
  }
  if (const auto command = parse_publish(line, monotonic_ns())) {
    return publish(options, server, *command);
  }
  return error_answer("memory | publish room|random RATE BURST FROM TO [LEDGER] | quit");
}

void raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  (void)setrlimit(RLIMIT_NOFILE, &limit);  // too few descriptors show as refused connections
}

int run(const Options& options) {
  const auto address = parse_loopback(options.listen);
  if (!address) {
    throw std::runtime_error("--listen: only 127.x.y.z:PORT is allowed, got " + options.listen);
  }
  raise_descriptor_limit();
  (void)prctl(PR_SET_TIMERSLACK, 1'000UL);  // without it a paced run is coarser
  LimitServer server(*address, options.rooms);
  server.watch(STDIN_FILENO);
  print_line(fmt::format(R"({{"listening":"{}"}})", options.listen));

  const std::uint64_t end = monotonic_ns() + options.life_seconds * kNsPerSecond;
  LineInput input(STDIN_FILENO);
  while (monotonic_ns() < end) {
    if (!server.poll(100)) continue;
    if (!input.read()) return 0;
    while (const auto line = input.take()) {
      if (*line == "quit") return 0;
      print_line(answer(options, server, *line));
    }
  }
  return 0;
}

}  // namespace
}  // namespace outcry::bench

int main(int argc, char** argv) {
  return outcry::bench::run_program(argc, argv, "outcry_limit",
                                    "accepts WebSockets on this machine and does nothing but send",
                                    outcry::bench::declare, outcry::bench::run);
}
