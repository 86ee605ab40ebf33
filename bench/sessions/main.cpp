// sessions/main.cpp — outcry_sessions: what many users cost the gateway in memory, kind by kind.
#include <cstdint>
#include <cstdio>
#include <stdexcept>
#include <string>
#include <string_view>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <unistd.h>

#include "common/line_input.h"
#include "common/program.h"
#include "load/process_stats.h"
#include "sessions/population.h"

namespace outcry::bench {
namespace {

constexpr std::size_t kEventBytes = 350;

struct Options {
  std::uint32_t sessions = 1'000'000;
  double bytes_max = 0;
};

void declare(CLI::App& app, Options& options) {
  app.add_option("--sessions", options.sessions, "users, each with a room of his own")
      ->check(CLI::Range(1'000U, 4'000'000U))
      ->capture_default_str();
  app.add_option("--bytes-max", options.bytes_max,
                 "fail if an idle user costs more; 0: whatever it costs")
      ->capture_default_str();
}

double resident_bytes() {
  const auto sample = sample_process(getpid());
  if (!sample) throw std::runtime_error("this process can't be measured");
  return static_cast<double>(sample->resident_kb) * 1024;
}

void print_row(std::string_view name, std::string_view object, double each) {
  print_line(fmt::format("{:<32} {:>12} {:>12.1f}", name, object, each));
}

int run(const Options& options) {
  const double users = options.sessions;
  Population population(options.sessions);
  print_line(fmt::format("{:<32} {:>12} {:>12}", "bytes for each user", "sizeof", "resident"));
  std::string json;
  double sum = 0;
  double before = resident_bytes();
  const auto growth = [&] {
    const double now = resident_bytes();
    return (now - std::exchange(before, now)) / users;
  };
  for (const Population::Kind& kind : Population::kinds()) {
    (population.*kind.make)();
    const double each = growth();
    sum += each;
    print_row(kind.name, std::to_string(kind.object_bytes), each);
    json += fmt::format(R"({}:{{"sizeof":{},"resident":{:.1f}}},)", quoted(kind.name),
                        kind.object_bytes, each);
  }
  print_row("sum, idle", "", sum);
  population.send_to_all(kEventBytes);
  const double waiting = growth();
  print_row("one event that waits for all", "", waiting);
  print_line(fmt::format(R"({{"sessions":{},"kinds":{{{}}},"idle":{:.1f},"waiting":{:.1f}}})",
                         options.sessions, std::string_view(json).substr(0, json.size() - 1), sum,
                         waiting));
  if (options.bytes_max == 0 || sum <= options.bytes_max) return 0;
  std::fprintf(stderr, "outcry_sessions: %.1f bytes for an idle user, at most %.1f\n", sum,
               options.bytes_max);
  return 1;
}

}  // namespace
}  // namespace outcry::bench

int main(int argc, char** argv) {
  return outcry::bench::run_program(argc, argv, "outcry_sessions",
                                    "memory of many users without their sockets",
                                    outcry::bench::declare, outcry::bench::run);
}
