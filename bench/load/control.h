// load/control.h — commands on standard input, one a line, each answered by a line of JSON.
//
//   measure FROM TO UNTIL            latencies of what is published in [FROM, TO), in nanoseconds
//                                    of CLOCK_MONOTONIC; waits for late ones until UNTIL
//   drain TOTAL QUIET_MS LONGEST_MS  reads until TOTAL events came since the start, or none came
//                                    for QUIET_MS
//   track                            counts what each connection gets, stream by stream, anew
//   stall                            the same, and the slow readers stop reading
//   resume                           they read on
//   verify LEDGER                    compares what came since track or stall with what a publisher
//                                    wrote into the file LEDGER (load/verdict.h)
//   reconnect COUNT                  ends COUNT connections, opens these and all lost ones again
//   memory                           resident size of the watched processes
//   quit
//
// The connections stay open between commands, so one set-up serves a search for the highest rate.
#pragma once

#include <cstdint>
#include <sstream>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <utility>
#include <vector>

#include "load/generator.h"
#include "load/verdict.h"

namespace outcry::bench {

/// The processes whose CPU time and memory are reported, by a name for the report.
using WatchedProcesses = std::vector<std::pair<std::string, pid_t>>;

class Control {
 public:
  /// `latest`: what the server was told may be superseded. `setup_seconds_max`: sessions that
  /// aren't ready by then are left unready.
  Control(Generator& generator, WatchedProcesses watched, LatestKinds latest,
          std::uint32_t setup_seconds_max)
      : generator_(generator),
        watched_(std::move(watched)),
        latest_(latest),
        setup_seconds_max_(setup_seconds_max) {}

  /// Opens all connections. The answer reports connections a second, set-up times, and memory
  /// before and after.
  [[nodiscard]] std::string set_up();

  /// The answer to one command line; `{"error":…}` for one that makes no sense.
  [[nodiscard]] std::string run(std::string_view line);

  [[nodiscard]] std::string measure(std::uint64_t from_ns, std::uint64_t to_ns,
                                    std::uint64_t until_ns);

 private:
  [[nodiscard]] std::string measure(std::istringstream& words);
  [[nodiscard]] std::string drain(std::istringstream& words);
  [[nodiscard]] std::string verify(std::istringstream& words) const;
  [[nodiscard]] std::string reconnect(std::istringstream& words);
  /// The members that every answer ends with, and its closing brace.
  [[nodiscard]] std::string health() const;
  [[nodiscard]] std::string memory() const;
  [[nodiscard]] std::string transport() const;

  Generator& generator_;
  WatchedProcesses watched_;
  LatestKinds latest_;
  std::uint32_t setup_seconds_max_;
};

}  // namespace outcry::bench
