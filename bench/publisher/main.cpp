// publisher/main.cpp — outcry_blast: a back end that publishes at a steady rate, on this machine
// only.
#include <cstdint>
#include <ctime>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <sys/prctl.h>
#include <vector>

#include <CLI/CLI.hpp>

#include "common/histogram.h"
#include "common/loopback.h"
#include "common/program.h"
#include "common/workload.h"
#include "publisher/batch_sink.h"
#include "publisher/event_source.h"
#include "publisher/message_template.h"
#include "publisher/pacer.h"
#include "publisher/publish_command.h"
#include "publisher/redis_sink.h"

namespace outcry::bench {
namespace {

constexpr std::uint64_t kNsPerSecond = 1'000'000'000;
constexpr std::uint64_t kBurstsMax = 512;  // of one wake-up

struct Options {
  std::string redis = "127.0.0.1:6379";
  std::string http;
  BatchOptions batch;
  std::vector<std::string> templates;
  std::string ledger;
  double rate = 1'000;
  std::uint32_t burst = 1;
  EventSourceOptions source{.rooms = 10'000, .to_ns = 0};
  double seconds = 5;
  std::uint32_t tick_us = 100;
};

void declare_events(CLI::App& app, Options& options) {
  app.add_option("--template", options.templates,
                 "captured message, bench/publisher/templates/*.hex; FILE=WEIGHT where several are "
                 "mixed (repeatable)")
      ->required();
  app.add_option("--rate", options.rate, "events a second")
      ->check(CLI::Range(0.1, 2e6))
      ->capture_default_str();
  app.add_option("--burst", options.burst, "events at once, to the same room")
      ->check(CLI::Range(1U, 1'000U))
      ->capture_default_str();
  app.add_option("--rooms", options.source.rooms,
                 "challenges 0..ROOMS-1, one drawn at random for each burst")
      ->check(CLI::Range(1U, 9'999'999U))
      ->capture_default_str();
  app.add_option("--keys", options.source.symbols, "symbols of equity_updated, drawn at random")
      ->check(CLI::Range(std::uint32_t{1}, static_cast<std::uint32_t>(kSymbols.size())))
      ->capture_default_str();
  app.add_option("--seed", options.source.seed, "of what is drawn")->capture_default_str();
  app.add_option("--ledger", options.ledger,
                 "write here what was published, for the generator's `verify`");
}

void declare(CLI::App& app, Options& options) {
  declare_events(app, options);
  app.add_option("--redis", options.redis, "Redis, a literal in 127.0.0.0/8 with port")
      ->capture_default_str();
  app.add_option("--http", options.http,
                 "instead of Redis: an operations port that takes POST /v1/batch");
  app.add_option("--api-key", options.batch.api_key, "with --http: its key");
  app.add_option("--batch", options.batch.batch_max, "with --http: events of a request, at most")
      ->check(CLI::Range(1U, 1'000U))
      ->capture_default_str();
  app.add_option("--http-connections", options.batch.connections, "with --http: connections")
      ->check(CLI::Range(1U, 64U))
      ->capture_default_str();
  app.add_option("--pipeline", options.batch.pipeline,
                 "with --http: requests of a connection that may be unanswered")
      ->check(CLI::Range(1U, 64U))
      ->capture_default_str();
  app.add_option("--seconds", options.seconds, "how long")
      ->check(CLI::Range(0.1, 3'000.0))
      ->capture_default_str();
  app.add_option("--from-ns", options.source.from_ns,
                 "report events of [FROM, TO) apart (CLOCK_MONOTONIC; default: all)");
  app.add_option("--to-ns", options.source.to_ns, "end of that window");
  app.add_option("--tick-us", options.tick_us, "pause between batches")
      ->check(CLI::Range(10U, 1'000'000U))
      ->capture_default_str();
}

/// Publishes until the time is over. Returns the pauses between two wake-ups: how evenly the
/// publisher was allowed to run.
Histogram publish(const Options& options, EventSource& source, Sink& sink, Pacer& pacer) {
  const std::uint64_t start = monotonic_ns();
  const std::uint64_t end = start + static_cast<std::uint64_t>(options.seconds * 1e9);
  Histogram pauses;
  std::uint64_t last_wake = start;
  for (std::uint64_t now = start; now < end; now = monotonic_ns()) {
    pauses.record(now - last_wake);
    last_wake = now;
    const std::uint64_t due = pacer.take(now);
    for (std::uint64_t burst = 0; burst < due; ++burst) {
      const std::uint32_t room = source.draw_room();
      for (std::uint32_t i = 0; i < options.burst; ++i) sink.add(source, room);
    }
    sink.flush();
    const timespec tick{0, static_cast<long>(options.tick_us) * 1000};
    if (due < kBurstsMax) clock_nanosleep(CLOCK_MONOTONIC, 0, &tick, nullptr);
  }
  sink.finish();
  return pauses;
}

sockaddr_in loopback_or_throw(std::string_view option, const std::string& address) {
  const auto parsed = parse_loopback(address);
  if (!parsed) {
    throw std::runtime_error(
        fmt::format("{}: only 127.x.y.z:PORT is allowed, got {}", option, address));
  }
  return *parsed;
}

std::unique_ptr<Sink> make_sink(Options& options) {
  if (options.http.empty()) {
    return std::make_unique<RedisSink>(loopback_or_throw("--redis", options.redis));
  }
  options.batch.host = options.http;
  return std::make_unique<BatchSink>(loopback_or_throw("--http", options.http), options.batch);
}

int run(Options& options) {
  if (options.source.to_ns == 0) options.source.to_ns = monotonic_ns() + 10'000 * kNsPerSecond;
  options.source.keep_ledger = !options.ledger.empty();
  const auto wording = options.http.empty() ? redis_command : batch_item;
  EventSource source(load_templates(options.templates, wording), options.source);
  const std::unique_ptr<Sink> sink = make_sink(options);
  // The kernel may round a sleep up by the timer slack, 50 µs by default: half of a tick.
  (void)prctl(PR_SET_TIMERSLACK, 1'000UL);  // without it the batches are larger, and still counted

  const std::uint64_t start = monotonic_ns();
  Pacer pacer(options.rate / options.burst, start, kBurstsMax);
  const Histogram pauses = publish(options, source, *sink, pacer);
  const double seconds = static_cast<double>(monotonic_ns() - start) / 1e9;
  if (source.ledger()) {
    if (sink->refused() > 0) throw std::runtime_error("some were refused: no ledger is right");
    source.ledger()->write(options.ledger);
  }
  const auto us = [&](double fraction) {
    return static_cast<double>(pauses.quantile(fraction)) / 1e3;
  };
  const EventTally& tally = source.tally();
  fmt::print(R"({{"sent":{},"sent_in_window":{},"seconds":{:.3f},"per_second":{:.1f},{},{},)"
             R"("given_up":{},"pause_us":{{"p50":{:.1f},"p99":{:.1f},"max":{:.1f}}},"cpu":{:.3f}}})"
             "\n",
             tally.sent, tally.in_window, seconds, static_cast<double>(tally.sent) / seconds,
             by_event_json(tally), sink->report(), pacer.given_up() * options.burst, us(0.5),
             us(0.99), us(1.0), cpu_seconds() / seconds);
  return 0;
}

}  // namespace
}  // namespace outcry::bench

int main(int argc, char** argv) {
  return outcry::bench::run_program(
      argc, argv, "outcry_blast",
      "publishes captured messages on this machine at a steady rate, to Redis or by HTTP",
      outcry::bench::declare, outcry::bench::run);
}
