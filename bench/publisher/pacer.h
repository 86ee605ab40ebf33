// publisher/pacer.h — how many messages are due, so that a rate is held in small batches.
//
//   due(t) = rate · (t − start) − taken      at most `burst` at a time
//
// A publisher that was kept from running does not catch up with a flood: what is older than 50 ms
// is given up and counted, so that the load stays the one that was asked for, and the shortfall
// shows.
#pragma once

#include <algorithm>
#include <cstdint>

namespace outcry::bench {

class Pacer {
 public:
  static constexpr std::uint64_t kDebtNsMax = 50'000'000;

  /// `per_second` > 0.
  Pacer(double per_second, std::uint64_t start_ns, std::uint64_t burst_max) noexcept
      : per_ns_(per_second / 1e9), start_ns_(start_ns), burst_max_(burst_max) {}

  /// The number of messages to send now; they count as sent. `now_ns` must not go back.
  [[nodiscard]] std::uint64_t take(std::uint64_t now_ns) noexcept {
    const auto owed = static_cast<std::uint64_t>(static_cast<double>(now_ns - start_ns_) * per_ns_);
    const std::uint64_t settled = taken_ + given_up_;
    std::uint64_t due = owed > settled ? owed - settled : 0;
    const auto debt_max =
        std::max<std::uint64_t>(static_cast<std::uint64_t>(kDebtNsMax * per_ns_), 1);
    if (due > debt_max) {
      given_up_ += due - debt_max;
      due = debt_max;
    }
    due = std::min(due, burst_max_);
    taken_ += due;
    return due;
  }

  [[nodiscard]] std::uint64_t given_up() const noexcept { return given_up_; }

 private:
  double per_ns_;
  std::uint64_t start_ns_;
  std::uint64_t burst_max_;
  std::uint64_t taken_ = 0;
  std::uint64_t given_up_ = 0;
};

}  // namespace outcry::bench
