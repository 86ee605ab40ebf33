#include "gateway/placement.h"

#include <algorithm>
#include <span>

#include <fmt/format.h>

#include "base/ids.h"

namespace outcry::gateway {
namespace {

constexpr std::size_t kCpusForControl = 3;

std::size_t count_workers(const config::ServerConfig& server, const net::CpuBudget& cpus) {
  const std::size_t parallel = cpus.parallel();
  const std::size_t own = parallel >= kCpusForControl ? parallel - 1 : parallel;
  return std::min(server.workers != 0 ? server.workers : own, kWorkersMax);
}

/// Why threads can't be pinned; empty if they can.
std::string pinning_problem(std::size_t workers, const net::CpuBudget& cpus) {
  if (cpus.quota && *cpus.quota < static_cast<double>(cpus.allowed.size())) {
    // Its neighbours see the same CPUs, and would pin to the first of them as well.
    return fmt::format("a quota of {:.1f} CPUs on {} shares them with others", *cpus.quota,
                       cpus.allowed.size());
  }
  if (workers > cpus.allowed.size()) {
    return fmt::format("{} workers are more than {} CPUs", workers, cpus.allowed.size());
  }
  return {};
}

/// "0-3,8": as taskset and lscpu write it.
std::string list_of(std::span<const unsigned> cpus) {
  std::string out;
  for (std::size_t first = 0, next = 0; first < cpus.size(); first = next) {
    for (next = first + 1; next < cpus.size() && cpus[next] == cpus[next - 1] + 1;) ++next;
    if (!out.empty()) out += ',';
    out += fmt::format("{}", cpus[first]);
    if (next - first > 1) out += fmt::format("-{}", cpus[next - 1]);
  }
  return out;
}

std::string summary_of(const Placement& placement, const net::CpuBudget& cpus) {
  std::string out =
      fmt::format("{} worker{}", placement.workers, placement.workers == 1 ? "" : "s");
  if (placement.worker_cpus.empty()) {
    out += ", unpinned";
    if (!cpus.allowed.empty()) out += fmt::format(", on CPUs {}", list_of(cpus.allowed));
  } else {
    out += fmt::format(" on CPUs {}, in this order", list_of(placement.worker_cpus));
    out += placement.control_cpu ? fmt::format("; control on CPU {}", *placement.control_cpu)
                                 : "; control on any of them";
  }
  if (cpus.quota) out += fmt::format("; quota {:.1f} CPUs", *cpus.quota);
  return out;
}

}  // namespace

Placement place(const config::ServerConfig& server, const net::CpuBudget& cpus) {
  Placement out{.workers = count_workers(server, cpus)};
  if (server.pin_workers) {
    const std::string problem = pinning_problem(out.workers, cpus);
    if (problem.empty()) {
      const auto end = cpus.allowed.begin() + static_cast<std::ptrdiff_t>(out.workers);
      out.worker_cpus.assign(cpus.allowed.begin(), end);
      if (end != cpus.allowed.end()) out.control_cpu = *end;
    } else {
      out.warning = "server.pin_workers has no effect: " + problem;
    }
  }
  out.summary = summary_of(out, cpus);
  return out;
}

}  // namespace outcry::gateway
