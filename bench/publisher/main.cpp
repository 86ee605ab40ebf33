// publisher/main.cpp — outcry_blast: a back end that publishes at a steady rate, on this machine
// only.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <ctime>
#include <exception>
#include <random>
#include <stdexcept>
#include <string>
#include <sys/prctl.h>
#include <sys/resource.h>

#include <CLI/CLI.hpp>

#include "common/histogram.h"
#include "common/loopback.h"
#include "common/workload.h"
#include "publisher/message_template.h"
#include "publisher/pacer.h"
#include "publisher/redis_pipe.h"

namespace outcry::bench {
namespace {

constexpr std::uint64_t kNsPerSecond = 1'000'000'000;

struct Options {
  std::string redis = "127.0.0.1:6379";
  std::string template_file;
  double rate = 1'000;
  std::uint32_t rooms = 10'000;
  double seconds = 5;
  std::uint64_t from_ns = 0;
  std::uint64_t to_ns = 0;
  std::uint32_t tick_us = 100;
  std::uint64_t seed = 1;
};

struct Report {
  std::uint64_t sent = 0;
  std::uint64_t in_window = 0;
  Histogram pause;  ///< between two wake-ups: how evenly the publisher was allowed to run
};

void declare(CLI::App& app, Options& options) {
  app.add_option("--redis", options.redis, "Redis, a literal in 127.0.0.0/8 with port")
      ->capture_default_str();
  app.add_option("--template", options.template_file,
                 "captured message, bench/publisher/templates/*.hex")
      ->required();
  app.add_option("--rate", options.rate, "messages a second")
      ->check(CLI::Range(0.1, 2e6))
      ->capture_default_str();
  app.add_option("--rooms", options.rooms,
                 "challenges 0..ROOMS-1, one drawn at random for each message")
      ->check(CLI::Range(1U, 9'999'999U))
      ->capture_default_str();
  app.add_option("--seconds", options.seconds, "how long")
      ->check(CLI::Range(0.1, 3'000.0))
      ->capture_default_str();
  app.add_option("--from-ns", options.from_ns,
                 "report messages of [FROM, TO) apart (CLOCK_MONOTONIC; default: all)");
  app.add_option("--to-ns", options.to_ns, "end of that window");
  app.add_option("--tick-us", options.tick_us, "pause between batches")
      ->check(CLI::Range(10U, 1'000'000U))
      ->capture_default_str();
  app.add_option("--seed", options.seed, "of the random rooms")->capture_default_str();
}

/// Publishes until the time is over.
Report publish(const Options& options, MessageTemplate& message, RedisPipe& pipe) {
  constexpr std::uint64_t kBurstMax = 512;
  const std::uint64_t start = monotonic_ns();
  const std::uint64_t end = start + static_cast<std::uint64_t>(options.seconds * 1e9);
  Pacer pacer(options.rate, start, kBurstMax);
  std::minstd_rand random(static_cast<std::minstd_rand::result_type>(options.seed));
  std::uniform_int_distribution<std::uint32_t> rooms(0, options.rooms - 1);
  Report report;
  std::string batch;
  std::uint64_t last_stamp = 0;
  std::uint64_t last_wake = start;
  for (std::uint64_t now = start; now < end; now = monotonic_ns()) {
    report.pause.record(now - last_wake);
    last_wake = now;
    batch.clear();
    const std::uint64_t due = pacer.take(now);
    for (std::uint64_t i = 0; i < due; ++i) {
      // Never the same time twice, so that a receiver can tell a doubled or late message.
      last_stamp = std::max(monotonic_ns(), last_stamp + 1);
      message.append(batch, rooms(random), last_stamp);
      if (last_stamp >= options.from_ns && last_stamp < options.to_ns) ++report.in_window;
    }
    if (due > 0) pipe.send(batch, due);
    report.sent += due;
    const timespec tick{0, static_cast<long>(options.tick_us) * 1000};
    if (due < kBurstMax) clock_nanosleep(CLOCK_MONOTONIC, 0, &tick, nullptr);
  }
  pipe.finish();
  return report;
}

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

int run(Options& options) {
  const auto redis = parse_loopback(options.redis);
  if (!redis)
    throw std::runtime_error("--redis: only 127.x.y.z:PORT is allowed, got " + options.redis);
  if (options.to_ns == 0) options.to_ns = monotonic_ns() + 10'000 * kNsPerSecond;
  MessageTemplate message = MessageTemplate::load(options.template_file);
  RedisPipe pipe(*redis);
  // The kernel may round a sleep up by the timer slack, 50 µs by default: half of a tick.
  (void)prctl(PR_SET_TIMERSLACK, 1'000UL);  // without it the batches are larger, and still counted

  const std::uint64_t start = monotonic_ns();
  const Report report = publish(options, message, pipe);
  const double seconds = static_cast<double>(monotonic_ns() - start) / 1e9;
  fmt::print(R"({{"sent":{},"sent_in_window":{},"seconds":{:.3f},"per_second":{:.1f},"unheard":{},)"
             R"("pause_us":{{"p50":{:.1f},"p99":{:.1f},"max":{:.1f}}},"cpu":{:.3f}}})"
             "\n",
             report.sent, report.in_window, seconds, static_cast<double>(report.sent) / seconds,
             pipe.unheard(), static_cast<double>(report.pause.quantile(0.5)) / 1e3,
             static_cast<double>(report.pause.quantile(0.99)) / 1e3,
             static_cast<double>(report.pause.max()) / 1e3, cpu_seconds() / seconds);
  return 0;
}

}  // namespace
}  // namespace outcry::bench

int main(int argc, char** argv) {
  CLI::App app{
      "outcry_blast: publishes captured messages to Redis on this machine at a steady rate"};
  outcry::bench::Options options;
  outcry::bench::declare(app, options);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  try {
    return outcry::bench::run(options);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "outcry_blast: %s\n", error.what());
    return 2;
  }
}
