// inprocess/write_watch.h — has the worker written what it was given, and when to ask?
//
//   burst ─▶ (as long as the one before took) ─▶ answer: 455,000 bytes more ─▶ out, publish the
//   next
//
// A worker answers within its loop turn and writes at the end of it, perhaps a part in each of
// several. So an answer that comes at once says nothing, and each question costs both threads some
// 30 µs, which a room of a thousand would show. It is over when as many bytes were written as for
// the burst before, or when some were and no more follow: bursts differ in size. If none are
// written for a second, because nobody reads or nobody is there, waiting longer has no use.
// Pure: totals and times in, times out.
#pragma once

#include <cstdint>

namespace outcry::bench {

class WriteWatch {
 public:
  static constexpr std::uint64_t kGiveUpNs = 1'000'000'000;
  static constexpr std::uint64_t kPauseNsMin = 50'000;
  static constexpr std::uint64_t kPauseNsMax = 1'000'000;

  /// `base`: the total of bytes before the first burst.
  explicit WriteWatch(std::uint64_t base) noexcept : base_(base), last_(base) {}

  /// A burst was published. Returns when to ask first.
  [[nodiscard]] std::uint64_t start(std::uint64_t now_ns) noexcept;

  /// Takes the total of bytes that the worker has written. Returns 0 if the burst is out, else when
  /// to ask again.
  [[nodiscard]] std::uint64_t answered(std::uint64_t total, std::uint64_t now_ns) noexcept;

 private:
  void note_time(std::uint64_t took_ns) noexcept;

  std::uint64_t base_;
  std::uint64_t last_;
  std::uint64_t started_ns_ = 0;
  std::uint64_t answers_ = 0;         ///< to questions about this burst
  std::uint64_t expected_bytes_ = 0;  ///< of the burst before
  std::uint64_t expected_ns_ = 0;     ///< that a burst takes
};

}  // namespace outcry::bench
