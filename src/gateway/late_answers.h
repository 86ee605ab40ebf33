// gateway/late_answers.h — refusals that their clients are to wait for.
//
// All wait equally long, so they are due in the order in which they came. A client may have
// socketio.pending_joins_max of them waiting; beyond kLateAnswersMax on one worker they are not
// late any more.
// Thread: its worker's only. Owner: Worker.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <utility>

#include "gateway/messages.h"
#include "net/timer_wheel.h"

namespace outcry::gateway {

inline constexpr std::size_t kLateAnswersMax = 10'000;

class LateAnswers final : net::Timer {
 public:
  using Deliver = std::function<void(JoinAnswer)>;

  /// `timers` must outlive this.
  LateAnswers(net::TimerWheel& timers, Deliver deliver)
      : timers_(timers), deliver_(std::move(deliver)) {}

  /// Not before those that came before.
  void add(JoinAnswer answer, TimePoint due);
  [[nodiscard]] bool full() const noexcept { return waiting_.size() >= kLateAnswersMax; }

 private:
  struct Waiting {
    JoinAnswer answer;
    TimePoint due{};
  };
  void on_timer(TimePoint now) noexcept override;

  net::TimerWheel& timers_;
  const Deliver deliver_;
  std::deque<Waiting> waiting_;
};

}  // namespace outcry::gateway
