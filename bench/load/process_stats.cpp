#include "load/process_stats.h"

#include <charconv>
#include <cstddef>
#include <fstream>
#include <sstream>
#include <string>
#include <system_error>

#include <fmt/format.h>
#include <unistd.h>

namespace outcry::bench {
namespace {

std::optional<std::string> read_file(const std::string& path) {
  std::ifstream file(path);
  if (!file) return std::nullopt;
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

bool parse_number(std::string_view text, std::uint64_t& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc{} && end != text.data();
}

}  // namespace

bool parse_proc_stat(std::string_view text, double ticks_per_second, ProcessSample& out) {
  // The name, field 2, stands in parentheses and may itself hold spaces and parentheses.
  const std::size_t name_end = text.rfind(')');
  if (name_end == std::string_view::npos) return false;
  std::string_view rest = text.substr(name_end + 1);
  constexpr int kUserField = 14;
  constexpr int kKernelField = 15;
  for (int field = 3; field <= kKernelField; ++field) {
    rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
    const std::string_view word = rest.substr(0, rest.find(' '));
    std::uint64_t ticks = 0;
    if (field >= kUserField) {
      if (!parse_number(word, ticks)) return false;
      (field == kUserField ? out.user_seconds : out.kernel_seconds) =
          static_cast<double>(ticks) / ticks_per_second;
    }
    rest.remove_prefix(word.size());
  }
  return true;
}

bool parse_proc_status(std::string_view text, ProcessSample& out) {
  constexpr std::string_view kKey = "\nVmRSS:";
  const std::size_t at = text.find(kKey);
  if (at == std::string_view::npos) return false;
  std::string_view rest = text.substr(at + kKey.size());
  rest.remove_prefix(std::min(rest.find_first_not_of(" \t"), rest.size()));
  return parse_number(rest, out.resident_kb);
}

std::optional<ProcessSample> sample_process(pid_t pid) {
  const auto stat = read_file(fmt::format("/proc/{}/stat", pid));
  const auto status = read_file(fmt::format("/proc/{}/status", pid));
  ProcessSample sample;
  const auto ticks_per_second = static_cast<double>(sysconf(_SC_CLK_TCK));
  if (!stat || !status || !parse_proc_stat(*stat, ticks_per_second, sample) ||
      !parse_proc_status(*status, sample)) {
    return std::nullopt;
  }
  return sample;
}

}  // namespace outcry::bench
