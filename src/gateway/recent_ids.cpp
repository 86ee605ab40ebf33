#include "gateway/recent_ids.h"

#include <bit>
#include <utility>

namespace outcry::gateway {

RecentIds::RecentIds(std::size_t ids_max)
    : ids_max_(ids_max), newest_(ids_max == 0 ? 0 : std::bit_ceil(ids_max)) {
  // Room in the address space: memory is taken as ids come, and none of them moves.
  ring_.reserve(ids_max);
}

std::optional<eventlog::Position> RecentIds::find(const TextDigest& id) const noexcept {
  if (ids_max_ == 0) return std::nullopt;
  for (Number n = newest_[chain_of(id)]; n != 0 && n + ids_max_ > last_;) {
    const Entry& entry = ring_[(n - 1) % ids_max_];
    if (entry.id == id) return entry.position;
    n = entry.before;
  }
  return std::nullopt;
}

bool RecentIds::wait(const TextDigest& id, Done& done) {
  const auto found = under_way_.find(id);
  if (found == under_way_.end()) return false;
  if (done) found->second.repeats.push_back(std::move(done));
  return true;
}

void RecentIds::finish(const TextDigest& id, const Result<eventlog::Position>& result) {
  const auto found = under_way_.find(id);
  if (found == under_way_.end()) return;
  // Taken out before the calls: a callback may publish again.
  UnderWay waiting = std::move(found->second);
  under_way_.erase(found);
  if (result) remember(id, *result);
  if (waiting.first) waiting.first(result);
  for (Done& done : waiting.repeats) done(result);
}

void RecentIds::remember(const TextDigest& id, const eventlog::Position& position) {
  if (ids_max_ == 0 || find(id)) return;
  Number& newest = newest_[chain_of(id)];
  const Entry entry{.id = id, .before = newest, .position = position};
  newest = ++last_;
  if (ring_.size() < ids_max_) {
    ring_.push_back(entry);
  } else {
    ring_[(last_ - 1) % ids_max_] = entry;
  }
}

}  // namespace outcry::gateway
