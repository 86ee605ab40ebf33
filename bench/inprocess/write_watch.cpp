#include "inprocess/write_watch.h"

#include <algorithm>

namespace outcry::bench {

std::uint64_t WriteWatch::start(std::uint64_t now_ns) noexcept {
  started_ns_ = now_ns;
  answers_ = 0;
  // A little early: a worker that is done and not asked has nothing to do.
  return now_ns + expected_ns_ - expected_ns_ / 32;
}

std::uint64_t WriteWatch::answered(std::uint64_t total, std::uint64_t now_ns) noexcept {
  const std::uint64_t grown = total - base_;
  // 1/64 for what is not the burst's, such as heartbeats counted with the one before.
  const bool as_before = expected_bytes_ > 0 && grown + grown / 64 >= expected_bytes_;
  const bool no_more = grown > 0 && answers_ > 0 && total == last_;
  last_ = total;
  ++answers_;
  if (!as_before && !no_more && now_ns - started_ns_ < kGiveUpNs) {
    return now_ns + std::clamp(expected_ns_ / 32, kPauseNsMin, kPauseNsMax);
  }
  if (grown > 0) {
    expected_bytes_ = grown;
    // Out at the first question: nobody knows for how long.
    const std::uint64_t took = now_ns - started_ns_;
    note_time(answers_ == 1 ? took - took / 8 : took);
  }
  base_ = total;
  return 0;
}

/// Faster bursts are believed at once, slower ones by and by: a hiccup would have the next ones
/// wait.
void WriteWatch::note_time(std::uint64_t took_ns) noexcept {
  constexpr std::uint64_t kShare = 16;
  expected_ns_ = took_ns < expected_ns_ || expected_ns_ == 0
                     ? took_ns
                     : expected_ns_ + (took_ns - expected_ns_) / kShare;
}

}  // namespace outcry::bench
