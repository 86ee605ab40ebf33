// load/control.h — commands on standard input, one a line, each answered by a line of JSON.
//
//   measure FROM TO UNTIL            latencies of what is published in [FROM, TO), in nanoseconds
//                                    of CLOCK_MONOTONIC; waits for late ones until UNTIL
//   drain TOTAL QUIET_MS LONGEST_MS  reads until TOTAL events came since the start, or none came
//                                    for QUIET_MS
//   memory                           resident size of the watched processes
//   quit
//
// The connections stay open between commands, so one set-up serves a search for the highest rate.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <utility>
#include <vector>

#include "load/generator.h"

namespace outcry::bench {

/// The processes whose CPU time and memory are reported, by a name for the report.
using WatchedProcesses = std::vector<std::pair<std::string, pid_t>>;

class Control {
 public:
  Control(Generator& generator, WatchedProcesses watched)
      : generator_(generator), watched_(std::move(watched)) {}

  /// Opens all connections. The answer reports connections a second, set-up times, and memory
  /// before and after. Gives up after `seconds_max`; sessions that are not ready by then count as
  /// failed.
  [[nodiscard]] std::string set_up(std::uint32_t seconds_max);

  /// The answer to one command line; `{"error":…}` for one that makes no sense.
  [[nodiscard]] std::string run(std::string_view line);

  [[nodiscard]] std::string measure(std::uint64_t from_ns, std::uint64_t to_ns,
                                    std::uint64_t until_ns);

 private:
  [[nodiscard]] std::string drain(std::uint64_t total, std::uint64_t quiet_ms,
                                  std::uint64_t longest_ms);
  [[nodiscard]] std::string health() const;
  [[nodiscard]] std::string memory() const;

  Generator& generator_;
  WatchedProcesses watched_;
};

}  // namespace outcry::bench
