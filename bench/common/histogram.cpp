#include "common/histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>

namespace outcry::bench {
namespace {

constexpr unsigned kSubBits = 6;     // 64 buckets for each power of two
constexpr unsigned kRangeBits = 42;  // values below 2^42
constexpr std::size_t kBuckets = std::size_t{kRangeBits - kSubBits + 1} << kSubBits;

std::size_t bucket_of(std::uint64_t value) noexcept {
  constexpr std::uint64_t kLargest = (std::uint64_t{1} << kRangeBits) - 1;
  value = std::min(value, kLargest);
  const auto width = static_cast<unsigned>(std::bit_width(value));
  if (width <= kSubBits) return static_cast<std::size_t>(value);
  const unsigned shift = width - kSubBits - 1;
  // value >> shift lies in 64..127, so the buckets of one shift follow those of the one before.
  return (std::size_t{shift} << kSubBits) + static_cast<std::size_t>(value >> shift);
}

std::uint64_t upper_edge(std::size_t bucket) noexcept {
  constexpr std::size_t kLinear = std::size_t{2} << kSubBits;
  if (bucket < kLinear) return bucket;
  const std::size_t shift = (bucket >> kSubBits) - 1;
  const std::uint64_t mantissa = bucket - (shift << kSubBits);
  return ((mantissa + 1) << shift) - 1;
}

}  // namespace

Histogram::Histogram() : buckets_(kBuckets) {}

void Histogram::record(std::uint64_t value_ns) noexcept {
  ++buckets_[bucket_of(value_ns)];
  ++count_;
  max_ = std::max(max_, value_ns);
}

void Histogram::merge(const Histogram& other) noexcept {
  for (std::size_t i = 0; i < kBuckets; ++i) buckets_[i] += other.buckets_[i];
  count_ += other.count_;
  max_ = std::max(max_, other.max_);
}

void Histogram::clear() noexcept {
  std::ranges::fill(buckets_, 0);
  count_ = 0;
  max_ = 0;
}

std::uint64_t Histogram::quantile(double fraction) const noexcept {
  if (count_ == 0) return 0;
  const double wanted = std::ceil(std::clamp(fraction, 0.0, 1.0) * static_cast<double>(count_));
  const auto rank = std::clamp<std::uint64_t>(static_cast<std::uint64_t>(wanted), 1, count_);
  std::uint64_t seen = 0;
  for (std::size_t bucket = 0; bucket < kBuckets; ++bucket) {
    seen += buckets_[bucket];
    if (seen >= rank) return bucket + 1 == kBuckets ? max_ : std::min(upper_edge(bucket), max_);
  }
  return max_;
}

}  // namespace outcry::bench
