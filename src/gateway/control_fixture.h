// gateway/control_fixture.h — a worker's control thread as tests play it.
//
//   worker ─▶ mailbox ─▶ sorted on the worker's thread ─▶ next(): the test's
//                           └─▶ sockets wanted are admitted at once, sockets gone forgotten
//
// A client that connects waits for its admission, and with it the test that drives the client. So
// admissions are answered on the spot, by the worker's own thread, unless a test wants to see them.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <optional>
#include <semaphore>
#include <stdexcept>
#include <utility>
#include <variant>

#include "base/mpsc_queue.h"
#include "gateway/control_link.h"
#include "gateway/messages.h"

namespace outcry::gateway::test {

class ControlForTest {
 public:
  using Answer = std::function<void(ToWorker)>;

  /// `answer` posts to the worker; called on its thread.
  explicit ControlForTest(Answer answer) : answer_(std::move(answer)) {}

  /// The worker's way here.
  [[nodiscard]] ControlMailbox& mailbox() noexcept { return mailbox_; }
  /// From now on AdmitRequest and SocketGone come out of next() as well.
  void show_admissions() { shows_admissions_ = true; }

  /// The worker's next message; throws if none comes.
  ToControl next() {
    for (;;) {
      if (auto message = inbox_.try_pop()) return std::move(*message);
      if (!arrived_.try_acquire_for(std::chrono::seconds(20))) {
        throw std::runtime_error("the worker said nothing");
      }
    }
  }

 private:
  void sort() {
    (void)mailbox_.drain(kMessages, [this](ToControl message) {
      if (!shows_admissions_ && std::holds_alternative<SocketGone>(message)) return;
      if (const auto* request = std::get_if<AdmitRequest>(&message);
          request != nullptr && !shows_admissions_) {
        return answer_(
            std::make_unique<AdmitAnswer>(AdmitAnswer{.engine = request->engine,
                                                      .party = request->party,
                                                      .refused = std::nullopt,
                                                      .namespace_id = request->namespace_id}));
      }
      if (inbox_.try_push(std::move(message))) arrived_.release();
    });
  }

  static constexpr std::size_t kMessages = 1024;

  const Answer answer_;
  std::atomic<bool> shows_admissions_{false};
  ControlWaker waker_{[this] { sort(); }};
  ControlMailbox mailbox_{waker_, kMessages};
  MpscQueue<ToControl> inbox_{kMessages};
  std::counting_semaphore<> arrived_{0};
};

}  // namespace outcry::gateway::test
