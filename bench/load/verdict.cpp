#include "load/verdict.h"

#include <array>

#include "base/assert.h"

namespace outcry::bench {

std::string_view verdict_name(Verdict verdict) noexcept {
  static constexpr std::array<std::string_view, kVerdicts> kNames{
      "complete", "conflated", "closed_4429", "closed_other", "incomplete", "stale"};
  return kNames[static_cast<std::size_t>(verdict)];
}

Verdict judge(const RoomStreams& published, std::span<const StreamSum> received, LatestKinds latest,
              ConnectionEnd end) noexcept {
  OUTCRY_ASSERT(received.size() == published.size());
  if (!end.is_open) {
    return end.code == kTooSlowCode ? Verdict::closed_4429 : Verdict::closed_other;
  }
  bool conflated = false;
  bool stale = false;
  for (std::size_t slot = 0; slot < published.size(); ++slot) {
    if (received[slot] == published[slot]) continue;
    if (!latest.test(static_cast<std::size_t>(kind_of_slot(slot)))) return Verdict::incomplete;
    conflated = true;
    stale |= received[slot].newest_ns != published[slot].newest_ns;
  }
  if (stale) return Verdict::stale;
  return conflated ? Verdict::conflated : Verdict::complete;
}

bool is_fault(Verdict verdict, bool is_slow) noexcept {
  switch (verdict) {
    case Verdict::complete:
    case Verdict::conflated:
      return false;
    case Verdict::closed_4429:
      return !is_slow;
    case Verdict::closed_other:
    case Verdict::incomplete:
    case Verdict::stale:
      return true;
  }
  return true;
}

}  // namespace outcry::bench
