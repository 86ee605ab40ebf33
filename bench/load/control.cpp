#include "load/control.h"

#include <algorithm>
#include <array>
#include <exception>

#include <fmt/format.h>
#include <unistd.h>

#include "common/ledger.h"
#include "common/line_input.h"
#include "common/workload.h"
#include "load/process_stats.h"

namespace outcry::bench {
namespace {

constexpr std::uint64_t kNsPerMs = 1'000'000;
constexpr double kNsPerSecond = 1e9;
constexpr int kPollMs = 10;

std::string times_us(const Histogram& histogram) {
  const auto us = [&](double fraction) {
    return static_cast<double>(histogram.quantile(fraction)) / 1000.0;
  };
  return fmt::format(R"({{"p50":{:.1f},"p99":{:.1f},"p999":{:.1f},"max":{:.1f}}})", us(0.5),
                     us(0.99), us(0.999), us(1.0));
}

std::vector<ProcessSample> sample_all(const WatchedProcesses& watched) {
  std::vector<ProcessSample> samples;
  for (const auto& [name, pid] : watched)
    samples.push_back(sample_process(pid).value_or(ProcessSample{}));
  samples.push_back(sample_process(getpid()).value_or(ProcessSample{}));
  return samples;
}

std::string cpu_shares(const WatchedProcesses& watched, const std::vector<ProcessSample>& before,
                       const std::vector<ProcessSample>& after, double seconds) {
  std::string out = "{";
  for (std::size_t i = 0; i < before.size(); ++i) {
    const double user = after[i].user_seconds - before[i].user_seconds;
    const double kernel = after[i].kernel_seconds - before[i].kernel_seconds;
    out += fmt::format(R"({}{}:{{"user":{:.3f},"kernel":{:.3f}}})", i == 0 ? "" : ",",
                       quoted(i < watched.size() ? watched[i].first : "load"), user / seconds,
                       kernel / seconds);
  }
  return out + '}';
}

std::string fairness_json(const FairnessFigures& figures) {
  if (figures.events == 0) return {};
  return fmt::format(
      R"("fairness":{{"events":{},"min":{:.4f},"median":{:.4f},"p99":{:.4f},"max":{:.4f}}},)",
      figures.events, figures.min, figures.median, figures.p99, figures.max);
}

/// How the connections of one speed ended.
struct Ends {
  std::uint32_t connections = 0;
  std::array<std::uint32_t, kVerdicts> count{};

  void add(Verdict verdict) {
    ++connections;
    ++count[static_cast<std::size_t>(verdict)];
  }
  [[nodiscard]] std::string json() const {
    std::string out = fmt::format(R"({{"connections":{})", connections);
    for (std::size_t i = 0; i < kVerdicts; ++i) {
      out += fmt::format(R"(,"{}":{})", verdict_name(static_cast<Verdict>(i)), count[i]);
    }
    return out + '}';
  }
};

}  // namespace

std::string Control::set_up() {
  const std::string before = memory();
  const auto cpu_before = sample_all(watched_);
  const std::uint64_t start = monotonic_ns();
  const std::uint64_t give_up = start + std::uint64_t{setup_seconds_max_} * 1000 * kNsPerMs;
  while (!generator_.settled() && monotonic_ns() < give_up) generator_.poll(kPollMs);
  const double seconds = static_cast<double>(monotonic_ns() - start) / kNsPerSecond;
  const std::string cpu = cpu_shares(watched_, cpu_before, sample_all(watched_), seconds);
  const auto opened = static_cast<double>(generator_.setup_time().count());
  return fmt::format(R"({{"ready":{},"seconds":{:.3f},"per_second":{:.1f},"setup_us":{},)"
                     R"("memory_before_kb":{},"memory_kb":{},"cpu":{},{}{})",
                     generator_.ready(), seconds, opened / seconds,
                     times_us(generator_.setup_time()), before, memory(), cpu, transport(),
                     health());
}

std::string Control::run(std::string_view line) {
  std::istringstream words{std::string(line)};
  std::string command;
  words >> command;
  if (command == "measure") return measure(words);
  if (command == "drain") return drain(words);
  if (command == "verify") return verify(words);
  if (command == "reconnect") return reconnect(words);
  if (command == "memory") return fmt::format(R"({{"memory_kb":{},{})", memory(), health());
  if (command == "track" || command == "stall") {
    generator_.track(command == "stall");
    return fmt::format(R"({{"tracking":true,{})", health());
  }
  if (command == "resume") {
    generator_.resume();
    return fmt::format("{{{}", health());
  }
  return error_answer("unknown command");
}

std::string Control::measure(std::istringstream& words) {
  std::uint64_t from = 0, to = 0, until = 0;
  if (!(words >> from >> to >> until) || from >= to || to > until)
    return error_answer("measure FROM TO UNTIL");
  return measure(from, to, until);
}

std::string Control::measure(std::uint64_t from_ns, std::uint64_t to_ns, std::uint64_t until_ns) {
  const auto poll_until = [this](std::uint64_t end_ns) {
    for (std::uint64_t now = monotonic_ns(); now < end_ns; now = monotonic_ns()) {
      generator_.poll(
          static_cast<int>(std::min<std::uint64_t>((end_ns - now) / kNsPerMs, kPollMs)));
    }
  };
  Measurement& measurement = generator_.measurement();
  measurement.open_window(from_ns, to_ns);
  poll_until(from_ns);
  const auto before = sample_all(watched_);
  const std::uint64_t started = monotonic_ns();
  poll_until(to_ns);
  const auto after = sample_all(watched_);
  const double seconds = static_cast<double>(monotonic_ns() - started) / kNsPerSecond;
  poll_until(until_ns);
  const Window& window = measurement.window();
  return fmt::format(R"({{"delivered":{},"arrived":{},"slow_delivered":{},"seconds":{:.3f},)"
                     R"("latency_us":{},{}"cpu":{},"memory_kb":{},{}{})",
                     window.delivered, window.arrived, window.slow_delivered, seconds,
                     times_us(window.latency), fairness_json(measurement.fairness()),
                     cpu_shares(watched_, before, after, seconds), memory(), transport(), health());
}

std::string Control::drain(std::istringstream& words) {
  std::uint64_t total = 0, quiet_ms = 0, longest_ms = 0;
  if (!(words >> total >> quiet_ms >> longest_ms)) {
    return error_answer("drain TOTAL QUIET_MS LONGEST_MS");
  }
  const Measurement& measurement = generator_.measurement();
  const std::uint64_t start = monotonic_ns();
  for (std::uint64_t now = start; now < start + longest_ms * kNsPerMs; now = monotonic_ns()) {
    const std::uint64_t last = std::max(start, measurement.last_arrival_ns());
    if (measurement.arrived_total() >= total || now - last >= quiet_ms * kNsPerMs) break;
    generator_.poll(kPollMs);
  }
  return fmt::format(R"({{"arrived_total":{},{})", measurement.arrived_total(), health());
}

std::string Control::verify(std::istringstream& words) const {
  std::string file;
  if (!(words >> file)) return error_answer("verify LEDGER");
  const Measurement& measurement = generator_.measurement();
  if (measurement.streams(0).empty()) return error_answer("verify needs track or stall before");
  Ledger ledger;
  try {
    ledger = Ledger::read(file);
  } catch (const std::exception& error) {
    return error_answer(error.what());
  }
  Ends fast, slow;
  std::uint32_t faults = 0;
  std::string example;
  for (std::uint32_t i = 0; i < generator_.connections(); ++i) {
    const bool is_slow = measurement.is_slow(i);
    const Verdict verdict = judge(ledger.of(generator_.room_of(i)), measurement.streams(i), latest_,
                                  generator_.end_of(i));
    (is_slow ? slow : fast).add(verdict);
    if (!is_fault(verdict, is_slow)) continue;
    if (++faults > 1) continue;
    example =
        fmt::format("connection {}, {}: {}", i, is_slow ? "slow" : "fast", verdict_name(verdict));
  }
  return fmt::format(R"({{"fast":{},"slow":{},"faults":{},"example":{},{})", fast.json(),
                     slow.json(), faults, quoted(example), health());
}

std::string Control::reconnect(std::istringstream& words) {
  std::uint32_t count = 0;
  if (!(words >> count)) return error_answer("reconnect COUNT");
  generator_.reconnect(count);
  return set_up();
}

std::string Control::health() const {
  std::string failures;
  for (const auto& [why, count] : generator_.failures()) {
    failures += fmt::format("{}{}:{}", failures.empty() ? "" : ",", quoted(why), count);
  }
  const Faults& faults = generator_.measurement().faults();
  return fmt::format(R"("open":{},"failed":{},"closed_slow":{},"misdelivered":{},)"
                     R"("out_of_sequence":{},"failures":{{{}}}}})",
                     generator_.ready(), generator_.failed(), generator_.closed_slow(),
                     faults.misdelivered, faults.out_of_sequence, failures);
}

std::string Control::memory() const {
  std::string out = "{";
  for (const auto& [name, pid] : watched_) {
    const auto sample = sample_process(pid);
    out += fmt::format("{}{}:{}", out.size() == 1 ? "" : ",", quoted(name),
                       sample ? sample->resident_kb : 0);
  }
  return out + '}';
}

/// What TLS and deflate did so far, where they are used.
std::string Control::transport() const {
  std::string out;
  if (const TlsClient* tls = generator_.tls()) {
    const TlsStats& stats = tls->stats();
    out +=
        fmt::format(R"("tls":{{"handshakes":{},"resumed":{},"version":{},"cipher":{}}},)",
                    stats.handshakes, stats.resumed, quoted(stats.version), quoted(stats.cipher));
  }
  if (const Inflater* inflater = generator_.inflater()) {
    const InflateStats& stats = inflater->stats();
    out += fmt::format(R"("deflate":{{"compressed":{},"plain":{},"wire_bytes":{},"bytes":{}}},)",
                       stats.compressed, stats.plain, stats.wire_bytes, stats.bytes);
  }
  return out;
}

}  // namespace outcry::bench
