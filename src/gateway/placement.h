// gateway/placement.h — how many workers, and which thread runs where.
//
//   4 CPUs, workers = 0:    worker 0 │ worker 1 │ worker 2 │ control
//   2 CPUs, workers = 0:    worker 0 │ worker 1, and control where there is time
//
// From three CPUs on the control thread has one to itself: every event passes through it, and a
// worker that writes a room of thousands would hold it up for a tenth of a second. Threads are
// pinned only on demand (docs/decisions/0009-placement.md).
// Pure, but for start-up's reading of the machine in net/cpu.h.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "config/config.h"
#include "net/cpu.h"

namespace outcry::gateway {

struct Placement {
  std::size_t workers = 1;
  std::vector<unsigned> worker_cpus;    // of worker i; empty: the kernel chooses
  std::optional<unsigned> control_cpu;  // nullopt: the kernel chooses
  std::string summary;                  // one line for the log
  std::string warning;                  // what was asked for and can't be done; mostly empty
};

/// At least one worker, at most kWorkersMax.
[[nodiscard]] Placement place(const config::ServerConfig& server, const net::CpuBudget& cpus);

}  // namespace outcry::gateway
