// net/cpu.h — which CPUs this process has, and putting a thread on one of them.
//
//   affinity mask   the CPUs that threads may run on: taskset, cpuset of a container
//   quota           how much time on them all a cgroup grants (`docker run --cpus=2`): a machine's
//                   64 CPUs may be visible, and time for two of them granted
//
// Who starts a thread for each CPU must know both: more threads than quota are all stopped
// together for the rest of a period as soon as they have used it up.
#pragma once

#include <filesystem>
#include <optional>
#include <string_view>
#include <system_error>
#include <vector>

namespace outcry::net {

struct CpuBudget {
  std::vector<unsigned> allowed;  // the kernel's numbers, ascending; empty if it doesn't tell
  std::optional<double> quota;    // in CPUs; nullopt: no limit

  /// Threads that can run at the same time; at least 1.
  [[nodiscard]] std::size_t parallel() const noexcept;
};

/// The calling thread's mask, and its cgroup's quota. Reads files: for start-up only.
[[nodiscard]] CpuBudget cpu_budget();

/// From now on the calling thread, and threads that it starts, run on `cpu` alone.
/// Errors: the system's; invalid_argument if there is no such CPU in this thread's cpuset.
[[nodiscard]] std::error_code pin_this_thread(unsigned cpu) noexcept;

// ---- The parts of cpu_budget(), for its tests ----

/// The content of a cgroup's cpu.max, "QUOTA PERIOD" in microseconds; nullopt for "max 100000" and
/// for what isn't of this form.
[[nodiscard]] std::optional<double> parse_cpu_max(std::string_view text);
/// The smallest quota of the cgroup `group` ("/a/b") and those above it, under `root`.
[[nodiscard]] std::optional<double> cgroup_quota(const std::filesystem::path& root,
                                                 std::string_view group);

}  // namespace outcry::net
