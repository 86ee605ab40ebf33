#include "base/circuit_breaker.h"

namespace outcry {

bool CircuitBreaker::refuses(TimePoint now) const noexcept {
  return state_ != State::closed && now < next_question_;
}

std::optional<CircuitBreaker::Pass> CircuitBreaker::admit(TimePoint now) noexcept {
  if (state_ == State::closed) return Pass{period_};
  if (now < next_question_) return std::nullopt;
  enter(State::half_open);
  next_question_ = now + options_.pause;
  return Pass{period_};
}

void CircuitBreaker::succeeded(Pass pass) noexcept {
  if (pass != Pass{period_}) return;
  failures_ = 0;
  if (state_ == State::half_open) enter(State::closed);
}

void CircuitBreaker::failed(Pass pass, TimePoint now) noexcept {
  if (pass != Pass{period_} || options_.failures_max == 0) return;
  if (state_ == State::closed) {
    if (++failures_ < options_.failures_max) return;
    ++opened_;
  }
  failures_ = 0;
  enter(State::open);
  next_question_ = now + options_.pause;
}

void CircuitBreaker::enter(State state) noexcept {
  state_ = state;
  ++period_;
}

}  // namespace outcry
