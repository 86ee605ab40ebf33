// gateway/control_link.h — a worker's way to the control thread.
//
// Control's mailbox is bounded; what it can't take now waits here, in order, and is offered again
// at the end of each tick. New joins are refused while anything waits, so what waits is bounded by
// what is already going on: a few words for each session that closes.
// Thread: its worker's only. Owner: Worker.
#pragma once

#include <deque>
#include <functional>
#include <utility>

#include "gateway/messages.h"
#include "net/mailbox.h"

namespace outcry::gateway {

/// Makes the control thread drain its mailbox.
class ControlWaker {
 public:
  explicit ControlWaker(std::function<void()> wake) : wake_(std::move(wake)) {}
  void wake() { wake_(); }

 private:
  std::function<void()> wake_;
};

using ControlMailbox = net::Mailbox<ToControl, ControlWaker>;

class ControlLink {
 public:
  explicit ControlLink(ControlMailbox& mailbox) : mailbox_(mailbox) {}

  /// False while earlier messages wait: then nothing that can be refused should be begun.
  [[nodiscard]] bool clear() const noexcept { return waiting_.empty(); }

  void send(ToControl message) {
    posted_ = true;
    if (!waiting_.empty() || !mailbox_.post(std::move(message))) {
      // NOLINTNEXTLINE(bugprone-use-after-move): a full mailbox leaves it whole
      waiting_.push_back(std::move(message));
    }
  }

  /// At the end of a tick: one wake-up for all that was sent. True if some still waits.
  bool flush() {
    if (!posted_ && waiting_.empty()) return false;
    while (!waiting_.empty() && mailbox_.post(std::move(waiting_.front()))) waiting_.pop_front();
    mailbox_.wake();
    posted_ = false;
    return !waiting_.empty();
  }

 private:
  ControlMailbox& mailbox_;
  std::deque<ToControl> waiting_;
  bool posted_ = false;
};

}  // namespace outcry::gateway
