// transport/backlog.h — what all slow readers of a worker hold back together, and whose share of
// that is too big.
//
// One connection's limit does not bound a worker: ten thousand slow readers under it could still
// fill the memory. So the worker has a budget. While it is exceeded, a session that is behind by
// more than its share (the budget divided by how many are behind) is closed as it gets the next
// event: the biggest first, and none that keeps up. What is held back stays below twice the budget.
// Thread: its worker's only. Owner: Endpoint.
#pragma once

#include <cstddef>

namespace outcry::transport {

class Backlog {
 public:
  /// A session's backlog was `before` bytes, and is `after` now.
  void change(std::size_t before, std::size_t after) noexcept {
    bytes_ += after - before;
    sessions_ += static_cast<std::size_t>(after > 0) - static_cast<std::size_t>(before > 0);
  }
  /// Whether a session with this backlog is to be closed.
  [[nodiscard]] bool over_share(std::size_t bytes, std::size_t budget) const noexcept {
    return bytes_ > budget && sessions_ > 0 && bytes > budget / sessions_;
  }

  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }
  [[nodiscard]] std::size_t sessions() const noexcept { return sessions_; }

 private:
  std::size_t bytes_ = 0;
  std::size_t sessions_ = 0;
};

}  // namespace outcry::transport
