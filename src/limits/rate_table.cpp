#include "limits/rate_table.h"

#include <algorithm>
#include <bit>
#include <span>

#include "base/assert.h"

namespace outcry::limits {
namespace {

Ticks owed(const RateTable::Account& account, Ticks now) noexcept {
  Ticks most = 0;
  for (const auto& bucket : account.taken) most = std::max(most, bucket.ahead(now));
  return most;
}

}  // namespace

RateTable::RateTable(std::size_t places) : places_(places) {
  OUTCRY_ASSERT(std::has_single_bit(places) && places >= kWays);
}

RateTable::Account& RateTable::of(Key key, Ticks now) {
  if (entries_.empty()) entries_.resize(places_);
  const std::span set = std::span(entries_).subspan(set_of(key), kWays);
  Entry* least = nullptr;
  Ticks least_owed = 0;
  for (Entry& entry : set) {
    if (entry.key == key) return entry.account;
    const Ticks owes = entry.key == kNobody ? -1 : owed(entry.account, now);
    if (least != nullptr && owes >= least_owed) continue;
    least = &entry;
    least_owed = owes;
  }
  least->key = key;
  least->account = {};
  least->account.taken.fill(Bucket<std::uint64_t>(now));
  return least->account;
}

void RateTable::forget(Key key) noexcept {
  if (entries_.empty()) return;
  for (Entry& entry : std::span(entries_).subspan(set_of(key), kWays)) {
    if (entry.key == key) entry = {};
  }
}

}  // namespace outcry::limits
