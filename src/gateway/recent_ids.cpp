#include "gateway/recent_ids.h"

#include <utility>

namespace outcry::gateway {

std::optional<eventlog::Position> RecentIds::find(std::string_view id) const {
  const auto found = positions_.find(id);
  return found == positions_.end() ? std::nullopt : std::optional(found->second);
}

bool RecentIds::wait(std::string_view id, Done& done) {
  const auto found = under_way_.find(id);
  if (found == under_way_.end()) return false;
  if (done) found->second.push_back(std::move(done));
  return true;
}

void RecentIds::finish(const std::string& id, const Result<eventlog::Position>& result) {
  const auto found = under_way_.find(id);
  if (found == under_way_.end()) return;
  // Taken out before the calls: a callback may publish again.
  std::vector<Done> waiting = std::move(found->second);
  under_way_.erase(found);
  if (result) remember(id, *result);
  for (Done& done : waiting) done(result);
}

void RecentIds::remember(std::string id, const eventlog::Position& position) {
  if (ids_max_ == 0 || positions_.contains(id)) return;
  order_.push_back(std::move(id));
  positions_.emplace(order_.back(), position);
  if (order_.size() <= ids_max_) return;
  positions_.erase(order_.front());
  order_.pop_front();
}

}  // namespace outcry::gateway
