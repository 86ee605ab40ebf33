// base/circuit_breaker.h — stops asking who doesn't answer, and finds out when he does again.
//
//            failures_max in a row               pause is over: one question
//   closed ────────────────────────▶ open ─────────────────────────────────▶ half open
//      ▲                               ▲                                       │    │
//      └───────────── it succeeds ─────┼───────────────────────────────────────┘    │
//                                      └──────────────── it fails ──────────────────┘
//
// A server that is down or drowning costs each question its whole time limit, and more questions
// drown it deeper. Open, every question is refused at once.
//
// Pure: time is an argument. Results come with the pass of their question, so that one which was
// asked before the breaker opened can't close it. Thread: its owner's.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "base/clock.h"

namespace outcry {

struct CircuitBreakerOptions {
  std::uint32_t failures_max = 5;          // in a row; 0: never opens
  std::chrono::milliseconds pause{1'000};  // from opening to the next question
};

class CircuitBreaker {
 public:
  enum class State : std::uint8_t { closed, open, half_open };

  /// Names the period in which a question was let through.
  enum class Pass : std::uint32_t {};

  explicit CircuitBreaker(CircuitBreakerOptions options) noexcept : options_(options) {}

  /// May a question be asked now? Tell of each that was how it ended. One that is never told of
  /// counts for nothing; a lost trial is followed by another after `pause`.
  [[nodiscard]] std::optional<Pass> admit(TimePoint now) noexcept;
  void succeeded(Pass pass) noexcept;
  void failed(Pass pass, TimePoint now) noexcept;

  /// True while admit() would refuse.
  [[nodiscard]] bool refuses(TimePoint now) const noexcept;
  [[nodiscard]] State state() const noexcept { return state_; }
  /// Times that it went from closed to open.
  [[nodiscard]] std::uint64_t opened() const noexcept { return opened_; }

 private:
  void enter(State state) noexcept;

  CircuitBreakerOptions options_;
  State state_ = State::closed;
  std::uint32_t period_ = 0;    // rises with every change of state
  std::uint32_t failures_ = 0;  // in a row, while closed
  TimePoint next_question_{};   // while not closed
  std::uint64_t opened_ = 0;
};

}  // namespace outcry
