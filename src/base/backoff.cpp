#include "base/backoff.h"

#include <algorithm>
#include <span>

#include "base/random.h"

namespace outcry {

std::uint64_t backoff_random() {
  std::uint64_t number = 0;
  random_bytes(std::as_writable_bytes(std::span(&number, 1)));
  return number;
}

std::chrono::milliseconds Backoff::next(std::uint64_t random) noexcept {
  constexpr unsigned kDoublingsMax =
      20;  // 100 ms * 2^20 is over a day: no overflow, no longer pause
  const auto ceiling = std::min(max_, min_ * (std::int64_t{1} << attempt_));
  attempt_ = std::min(attempt_ + 1, kDoublingsMax);
  const auto choices = static_cast<std::uint64_t>(std::max<std::int64_t>(ceiling.count(), 0)) + 1;
  return std::chrono::milliseconds(static_cast<std::int64_t>(random % choices));
}

}  // namespace outcry
