#include "gateway/late_answers.h"

namespace outcry::gateway {

void LateAnswers::add(JoinAnswer answer, TimePoint due) {
  waiting_.push_back({.answer = std::move(answer), .due = due});
  if (!armed()) timers_.arm(*this, due);
}

void LateAnswers::on_timer(TimePoint now) noexcept {
  while (!waiting_.empty() && waiting_.front().due <= now) {
    JoinAnswer answer = std::move(waiting_.front().answer);
    waiting_.pop_front();
    deliver_(std::move(answer));
  }
  if (!waiting_.empty()) timers_.arm(*this, waiting_.front().due);
}

}  // namespace outcry::gateway
