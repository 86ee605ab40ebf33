// load/process_stats.h — what a process used, from /proc.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <sys/types.h>

namespace outcry::bench {

struct ProcessSample {
  double user_seconds = 0;    ///< since the process started, in steps of a clock tick (10 ms)
  double kernel_seconds = 0;  ///< likewise
  std::uint64_t resident_kb = 0;
};

/// nullopt when there is no such process.
[[nodiscard]] std::optional<ProcessSample> sample_process(pid_t pid);

/// The parts that read text, for tests.
[[nodiscard]] bool parse_proc_stat(std::string_view text, double ticks_per_second,
                                   ProcessSample& out);
[[nodiscard]] bool parse_proc_status(std::string_view text, ProcessSample& out);

}  // namespace outcry::bench
