// limits/rate_table.h — the buckets of those who took something lately.
//
//   key ─▶ a set of four places ─▶ its buckets, or the place of whoever in the set owes least
//
// A bucket that time has caught up with is as good as none, so the table needs room only for those
// who are ahead of time at once, and its size is fixed: many addresses can't make it grow. When it
// is crowded, who owes least is forgotten, and with him the least.
// Its memory exists from the first use on.
// Thread: its owner's only; takes the time as an argument.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "limits/key_hash.h"
#include "limits/rate.h"

namespace outcry::limits {

class RateTable {
 public:
  static constexpr std::size_t kBuckets = 3;
  static constexpr std::size_t kWays = 4;
  struct Account {
    std::array<Bucket<std::uint64_t>, kBuckets> taken{};
    std::array<std::uint32_t, kBuckets> untold{};  // units; its user's, for whom it has to tell
  };

  /// `places`: a power of two, at least kWays.
  explicit RateTable(std::size_t places = 2048);

  /// The key's buckets, until the next call. `key` is not kNobody.
  [[nodiscard]] Account& of(Key key, Ticks now);
  /// Forgets what the key has taken.
  void forget(Key key) noexcept;
  /// Forgets everybody.
  void clear() noexcept { entries_.clear(); }

  [[nodiscard]] std::size_t memory_bytes() const noexcept {
    return entries_.capacity() * sizeof(Entry);
  }

 private:
  struct Entry {
    Key key = kNobody;  // kNobody: free
    Account account{};
  };

  [[nodiscard]] std::size_t set_of(Key key) const noexcept {
    return key & (places_ - 1) & ~(kWays - 1);
  }

  const std::size_t places_;
  std::vector<Entry> entries_;
};

}  // namespace outcry::limits
