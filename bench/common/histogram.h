// common/histogram.h — latencies counted into log-linear buckets: exact enough, cheap, mergeable.
//
//   0..63 ns: one bucket for each value; then each power of two is cut into 64 buckets,
//   so a reported quantile is at most 1/64 (1.6 %) above the true one, up to 2^42 ns (73 minutes).
//
// Recording is an index computation and an increment, so measuring doesn't slow the reader down;
// keeping every sample of a minute at 100,000/s would.
#pragma once

#include <cstdint>
#include <vector>

namespace outcry::bench {

class Histogram {
 public:
  Histogram();

  /// Counts one value in nanoseconds. Values beyond the range fall into the last bucket; the
  /// maximum stays exact.
  void record(std::uint64_t value_ns) noexcept;
  void merge(const Histogram& other) noexcept;
  void clear() noexcept;

  [[nodiscard]] std::uint64_t count() const noexcept { return count_; }
  [[nodiscard]] std::uint64_t max() const noexcept { return max_; }
  /// The smallest bucket's upper edge that at least `fraction` (0..1) of the values do not exceed,
  /// never above max(). 0 when nothing was recorded.
  [[nodiscard]] std::uint64_t quantile(double fraction) const noexcept;

 private:
  std::vector<std::uint64_t> buckets_;
  std::uint64_t count_ = 0;
  std::uint64_t max_ = 0;
};

}  // namespace outcry::bench
