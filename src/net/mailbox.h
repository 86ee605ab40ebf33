// net/mailbox.h — how other threads reach a loop: a bounded queue, and one wake-up for a batch.
//
//   control thread:  post(a) post(b) post(c) wake()        one system call
//   loop:            drain(f)                              a, b, c in order
//
// post() says whether it was taken: a full mailbox is the sender's problem.
// Thread: post and wake from any; drain from the loop only.
#pragma once

#include <atomic>
#include <cstddef>
#include <optional>
#include <utility>

#include "base/mpsc_queue.h"
#include "net/event_loop.h"

namespace outcry::net {

/// `Loop` is what has wake(), callable from any thread, and drains soon after it.
template <class Message, class Loop = EventLoop>
class Mailbox {
 public:
  Mailbox(Loop& loop, std::size_t capacity) : loop_(loop), queue_(capacity) {}

  /// False if the mailbox is full. The message is seen after wake(), or whenever the loop ticks.
  [[nodiscard]] bool post(Message&& message) { return queue_.try_push(std::move(message)); }

  /// Makes the loop look, unless a wake-up is already on its way.
  void wake() noexcept {
    if (!wake_pending_.exchange(true, std::memory_order_acq_rel)) loop_.wake();
  }

  /// Gives up to `most` messages to f, oldest first. True if there may be more.
  template <class F>
  bool drain(std::size_t most, F&& f) {
    // Cleared before reading: a message posted after the last try_pop wakes the loop again. An
    // exchange, not a store: it reads what the last wake() wrote, and so sees what was posted
    // before a wake() that took its wake-up for already on its way.
    (void)wake_pending_.exchange(false, std::memory_order_acq_rel);  // either way we look
    for (std::size_t i = 0; i < most; ++i) {
      std::optional<Message> message = queue_.try_pop();
      if (!message) return false;
      f(std::move(*message));
    }
    return true;
  }

 private:
  Loop& loop_;
  MpscQueue<Message> queue_;
  std::atomic<bool> wake_pending_{false};
};

}  // namespace outcry::net
