// inprocess/write_watch.h — has the worker written what it was given?
//
//   burst ─▶ answer: 0 bytes more ─▶ answer: 455,000 more ─▶ written, publish the next
//
// A worker writes at the end of its loop turn, and answers questions within it. So the first answer
// after a burst often comes before the writing. It is over when as many bytes were written as for
// the burst before, or when some were and no more follow: bursts differ in size. If none are
// written for a second, because nobody reads or nobody is there, waiting longer has no use.
// Pure: totals and times in, a yes or no out.
#pragma once

#include <cstdint>

namespace outcry::bench {

class WriteWatch {
 public:
  static constexpr std::uint64_t kGiveUpNs = 1'000'000'000;

  /// `base`: the total before the first burst.
  explicit WriteWatch(std::uint64_t base) noexcept : base_(base), last_(base) {}

  /// A burst was published.
  void start(std::uint64_t now_ns) noexcept {
    started_ns_ = now_ns;
    answers_ = 0;
  }

  /// Takes the total of bytes that the worker has written. True: the burst is out.
  [[nodiscard]] bool answered(std::uint64_t total, std::uint64_t now_ns) noexcept {
    const std::uint64_t grown = total - base_;
    // 1/64 for what is not the burst's, such as heartbeats counted with the one before.
    const bool as_before = expected_ > 0 && grown + grown / 64 >= expected_;
    const bool no_more = grown > 0 && answers_ > 0 && total == last_;
    last_ = total;
    ++answers_;
    if (!as_before && !no_more && now_ns - started_ns_ < kGiveUpNs) return false;
    if (grown > 0) expected_ = grown;
    base_ = total;
    return true;
  }
  /// Since start().
  [[nodiscard]] std::uint64_t answers() const noexcept { return answers_; }

 private:
  std::uint64_t started_ns_ = 0;
  std::uint64_t base_;
  std::uint64_t last_;
  std::uint64_t expected_ = 0;  ///< bytes of the burst before
  std::uint64_t answers_ = 0;
};

}  // namespace outcry::bench
