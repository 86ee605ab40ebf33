// gateway/worker_posts.h — where the control thread's messages to workers go.
#pragma once

#include "base/ids.h"
#include "gateway/messages.h"
#include "gateway/room_table.h"

namespace outcry::gateway {

/// A WorkerGroup, or what stands for it in a simulation. Thread: the control thread.
class WorkerPosts {
 public:
  WorkerPosts() = default;
  WorkerPosts(const WorkerPosts&) = delete;
  WorkerPosts& operator=(const WorkerPosts&) = delete;
  virtual ~WorkerPosts() = default;

  [[nodiscard]] virtual WorkerSet all() const noexcept = 0;
  /// False if the worker has too much waiting and the message was dropped. Messages to one worker
  /// keep their order.
  virtual bool post(WorkerId worker, ToWorker message) = 0;
  /// post() to each of these would take a message now.
  [[nodiscard]] virtual bool has_room(WorkerSet workers) const noexcept = 0;
};

}  // namespace outcry::gateway
