#include "net/cpu.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <fstream>
#include <memory>
#include <string>

#include <sched.h>

namespace outcry::net {
namespace {

// More than any kernel is built for (CONFIG_NR_CPUS is at most 8,192).
constexpr std::size_t kCpusMax = 16'384;
constexpr const char* kCgroupRoot = "/sys/fs/cgroup";

struct FreeSet {
  void operator()(cpu_set_t* set) const noexcept { CPU_FREE(set); }
};
using CpuSet = std::unique_ptr<cpu_set_t, FreeSet>;

/// The mask of the calling thread. The plain cpu_set_t ends at 1,024 CPUs, and the kernel refuses
/// one that is smaller than its own.
std::vector<unsigned> allowed_cpus() {
  std::vector<unsigned> out;
  const CpuSet set(CPU_ALLOC(kCpusMax));
  const std::size_t bytes = CPU_ALLOC_SIZE(kCpusMax);
  if (!set) return out;
  CPU_ZERO_S(bytes, set.get());
  if (::sched_getaffinity(0, bytes, set.get()) != 0) return out;
  for (unsigned cpu = 0; cpu < kCpusMax; ++cpu) {
    if (CPU_ISSET_S(cpu, bytes, set.get())) out.push_back(cpu);
  }
  return out;
}

std::string first_line(const std::filesystem::path& file) {
  std::ifstream in(file);
  std::string line;
  std::getline(in, line);
  return line;
}

/// "/a/b" from the line "0::/a/b", which names the cgroup of the unified hierarchy.
std::string own_cgroup() {
  std::ifstream in("/proc/self/cgroup");
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("0::")) return line.substr(3);
  }
  return {};
}

std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || rest != end) return std::nullopt;
  return value;
}

}  // namespace

std::size_t CpuBudget::parallel() const noexcept {
  std::size_t threads = std::max<std::size_t>(allowed.size(), 1);
  // Half a CPU more is worth a thread: 2.5 CPUs are used by three.
  if (quota) threads = std::min(threads, static_cast<std::size_t>(std::ceil(*quota)));
  return std::max<std::size_t>(threads, 1);
}

CpuBudget cpu_budget() {
  return {.allowed = allowed_cpus(), .quota = cgroup_quota(kCgroupRoot, own_cgroup())};
}

std::error_code pin_this_thread(unsigned cpu) noexcept {
  if (cpu >= kCpusMax) return std::make_error_code(std::errc::invalid_argument);
  const CpuSet set(CPU_ALLOC(kCpusMax));
  const std::size_t bytes = CPU_ALLOC_SIZE(kCpusMax);
  if (!set) return std::make_error_code(std::errc::not_enough_memory);
  CPU_ZERO_S(bytes, set.get());
  CPU_SET_S(cpu, bytes, set.get());
  if (::sched_setaffinity(0, bytes, set.get()) != 0) return {errno, std::system_category()};
  return {};
}

std::optional<double> parse_cpu_max(std::string_view text) {
  while (text.ends_with('\n')) text.remove_suffix(1);
  const std::size_t space = text.find(' ');
  if (space == std::string_view::npos) return std::nullopt;
  const auto quota = number(text.substr(0, space));
  const auto period = number(text.substr(space + 1));
  if (!quota || !period || *quota == 0 || *period == 0) return std::nullopt;
  return static_cast<double>(*quota) / static_cast<double>(*period);
}

std::optional<double> cgroup_quota(const std::filesystem::path& root, std::string_view group) {
  std::optional<double> least;
  for (;;) {
    while (group.ends_with('/')) group.remove_suffix(1);
    const std::string below(group.starts_with('/') ? group.substr(1) : group);
    const auto quota = parse_cpu_max(first_line(root / below / "cpu.max"));
    if (quota && (!least || *quota < *least)) least = quota;
    const std::size_t slash = group.rfind('/');
    if (group.empty() || slash == std::string_view::npos) return least;
    group = group.substr(0, slash);
  }
}

}  // namespace outcry::net
