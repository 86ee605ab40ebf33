#include "gateway/event_pacer.h"

namespace outcry::gateway {

bool EventPacer::admit(std::uint64_t key, bus::Publication& publication, TimePoint now) {
  if (!active()) return true;
  const auto place = held_.find(key);
  if (place == held_.end()) {
    if (held_.size() >= keys_max_) return true;
    held_.emplace(key, std::nullopt);
    order_.emplace_back(now + interval_, key);
    return true;
  }
  if (place->second) ++replaced_;
  place->second = std::move(publication);
  return false;
}

}  // namespace outcry::gateway
