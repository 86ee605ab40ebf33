// gateway/recent_ids.h — publications accepted lately, by id: a repeat gets the first one's receipt
// and is not delivered again.
//
// A publisher whose connection broke before the answer can't know whether its event was taken; with
// an id it may simply ask again. Bounded by count: the oldest are forgotten first.
// Thread: the control thread. Owner: Gateway.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <boost/unordered/unordered_flat_map.hpp>

namespace outcry::gateway {

class RecentIds {
 public:
  explicit RecentIds(std::size_t ids_max) : ids_max_(ids_max) {}
  RecentIds(const RecentIds&) = delete;
  RecentIds& operator=(const RecentIds&) = delete;

  /// The sequence number that the id was accepted with.
  [[nodiscard]] std::optional<std::uint64_t> find(std::string_view id) const {
    const auto found = sequences_.find(id);
    return found == sequences_.end() ? std::nullopt : std::optional(found->second);
  }

  void remember(std::string id, std::uint64_t sequence) {
    if (ids_max_ == 0 || sequences_.contains(id)) return;
    order_.push_back(std::move(id));
    sequences_.emplace(order_.back(), sequence);
    if (order_.size() <= ids_max_) return;
    sequences_.erase(order_.front());
    order_.pop_front();
  }

 private:
  std::size_t ids_max_;
  std::deque<std::string> order_;  // oldest first; its elements don't move
  boost::unordered_flat_map<std::string_view, std::uint64_t> sequences_;  // views them
};

}  // namespace outcry::gateway
