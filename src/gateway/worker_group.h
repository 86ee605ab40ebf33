// gateway/worker_group.h — the workers and their threads, as the control thread sees them.
//
// Deliveries to a worker whose mailbox is full wait here, in order, and are offered again; the
// backlog is bounded, and what exceeds it is dropped and counted. Answers to joins are never
// dropped: without one a client waits for ever; there are at most a few for each session. Thread:
// the control thread, but for hand_over(), which workers call.
#pragma once

#include <deque>
#include <memory>
#include <thread>
#include <vector>

#include "gateway/placement.h"
#include "gateway/room_table.h"
#include "gateway/worker.h"
#include "gateway/worker_posts.h"
#include "net/tcp.h"

namespace outcry::gateway {

class WorkerGroup final : public WorkerPosts {
 public:
  WorkerGroup(const SharedRules& rules, const transport::TransportOptions& transport,
              const transport::StaticFiles* files, ControlMailbox& control, Placement placement);
  ~WorkerGroup() override;

  /// Every worker listens on the same address, each with a queue of `backlog` places (net/tcp.h).
  /// Errors: the system's.
  [[nodiscard]] std::error_code listen(const config::ListenAddress& address,
                                       std::size_t backlog = net::kBacklog);
  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
  /// Starts the threads, pins them and the calling one as the placement says, and logs where each
  /// is. A thread that can't be pinned runs unpinned.
  void start();
  /// Stops the loops and joins the threads.
  void stop();

  [[nodiscard]] std::size_t size() const noexcept { return workers_.size(); }
  [[nodiscard]] WorkerSet all() const noexcept override;
  /// Seen after wake().
  bool post(WorkerId worker, ToWorker message) override;
  /// Wakes those that were posted to since the last call. True if a backlog remains.
  bool wake();
  /// No worker has a backlog.
  [[nodiscard]] bool clear() const noexcept;
  [[nodiscard]] bool has_room(WorkerSet workers) const noexcept override;
  [[nodiscard]] std::uint64_t dropped() const noexcept { return dropped_; }

 private:
  struct Seat {
    std::unique_ptr<Worker> worker;
    std::jthread thread;
    std::deque<ToWorker> backlog;
  };

  const Placement placement_;
  std::vector<Seat> workers_;
  WorkerSet to_wake_ = 0;
  std::uint64_t dropped_ = 0;
  std::uint16_t port_ = 0;
};

}  // namespace outcry::gateway
