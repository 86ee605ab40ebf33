#include "load/control.h"

#include <algorithm>
#include <sstream>

#include <fmt/format.h>
#include <unistd.h>

#include "common/workload.h"
#include "load/process_stats.h"

namespace outcry::bench {
namespace {

constexpr std::uint64_t kNsPerMs = 1'000'000;
constexpr double kNsPerSecond = 1e9;
constexpr int kPollMs = 10;

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x20) continue;
    if (c == '"' || c == '\\') out.push_back('\\');
    out.push_back(c);
  }
  return out + '"';
}

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

std::string error_answer(std::string_view why) {
  return fmt::format(R"({{"error":{}}})", quoted(why));
}

}  // namespace

std::string Control::set_up(std::uint32_t seconds_max) {
  const std::string before = memory();
  const auto cpu_before = sample_all(watched_);
  const std::uint64_t start = monotonic_ns();
  const std::uint64_t give_up = start + std::uint64_t{seconds_max} * 1000 * kNsPerMs;
  while (!generator_.settled() && monotonic_ns() < give_up) generator_.poll(kPollMs);
  const double seconds = static_cast<double>(monotonic_ns() - start) / kNsPerSecond;
  const std::string cpu = cpu_shares(watched_, cpu_before, sample_all(watched_), seconds);
  return fmt::format(R"({{"ready":{},"seconds":{:.3f},"per_second":{:.1f},"setup_us":{},)"
                     R"("memory_before_kb":{},"memory_kb":{},"cpu":{},{}}})",
                     generator_.ready(), seconds, generator_.ready() / seconds,
                     times_us(generator_.setup_time()), before, memory(), cpu, health());
}

std::string Control::run(std::string_view line) {
  std::istringstream words{std::string(line)};
  std::string command;
  words >> command;
  if (command == "memory") return fmt::format(R"({{"memory_kb":{},{}}})", memory(), health());
  if (command == "measure") {
    std::uint64_t from = 0, to = 0, until = 0;
    if (!(words >> from >> to >> until) || from >= to || to > until)
      return error_answer("measure FROM TO UNTIL");
    return measure(from, to, until);
  }
  if (command == "drain") {
    std::uint64_t total = 0, quiet_ms = 0, longest_ms = 0;
    if (!(words >> total >> quiet_ms >> longest_ms)) {
      return error_answer("drain TOTAL QUIET_MS LONGEST_MS");
    }
    return drain(total, quiet_ms, longest_ms);
  }
  return error_answer("unknown command");
}

std::string Control::measure(std::uint64_t from_ns, std::uint64_t to_ns, std::uint64_t until_ns) {
  const auto poll_until = [this](std::uint64_t end_ns) {
    for (std::uint64_t now = monotonic_ns(); now < end_ns; now = monotonic_ns()) {
      generator_.poll(
          static_cast<int>(std::min<std::uint64_t>((end_ns - now) / kNsPerMs, kPollMs)));
    }
  };
  generator_.open_window(from_ns, to_ns);
  poll_until(from_ns);
  const auto before = sample_all(watched_);
  const std::uint64_t started = monotonic_ns();
  poll_until(to_ns);
  const auto after = sample_all(watched_);
  const double seconds = static_cast<double>(monotonic_ns() - started) / kNsPerSecond;
  poll_until(until_ns);
  const Window& window = generator_.window();
  return fmt::format(R"({{"delivered":{},"arrived":{},"seconds":{:.3f},"latency_us":{},"cpu":{},)"
                     R"("memory_kb":{},{}}})",
                     window.delivered, window.arrived, seconds, times_us(window.latency),
                     cpu_shares(watched_, before, after, seconds), memory(), health());
}

std::string Control::drain(std::uint64_t total, std::uint64_t quiet_ms, std::uint64_t longest_ms) {
  const std::uint64_t start = monotonic_ns();
  for (std::uint64_t now = start; now < start + longest_ms * kNsPerMs; now = monotonic_ns()) {
    const std::uint64_t last = std::max(start, generator_.last_arrival_ns());
    if (generator_.arrived_total() >= total || now - last >= quiet_ms * kNsPerMs) break;
    generator_.poll(kPollMs);
  }
  return fmt::format(R"({{"arrived_total":{},{}}})", generator_.arrived_total(), health());
}

std::string Control::health() const {
  std::string failures;
  for (const auto& [why, count] : generator_.failures()) {
    failures += fmt::format("{}{}:{}", failures.empty() ? "" : ",", quoted(why), count);
  }
  return fmt::format(
      R"("open":{},"failed":{},"misdelivered":{},"out_of_sequence":{},"failures":{{{}}})",
      generator_.ready(), generator_.failed(), generator_.misdelivered(),
      generator_.out_of_sequence(), failures);
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

}  // namespace outcry::bench
