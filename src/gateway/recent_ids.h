// gateway/recent_ids.h — publications accepted lately, by id: a repeat gets the first one's receipt
// and is not delivered again.
//
// A publisher whose connection broke before the answer can't know whether its event was taken; with
// an id it may simply ask again. Bounded by count: the oldest are forgotten first.
// Thread: the control thread. Owner: Gateway.
#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>

namespace outcry::gateway {

class RecentIds {
 public:
  explicit RecentIds(std::size_t ids_max) : ids_max_(ids_max) {}

  /// The offset that the id was accepted with, or nullptr.
  [[nodiscard]] const std::string* find(const std::string& id) const {
    const auto found = offsets_.find(id);
    return found == offsets_.end() ? nullptr : &found->second;
  }

  void remember(const std::string& id, std::string offset) {
    if (!offsets_.emplace(id, std::move(offset)).second) return;
    order_.push_back(id);
    if (order_.size() <= ids_max_) return;
    offsets_.erase(order_.front());
    order_.pop_front();
  }

 private:
  std::size_t ids_max_;
  std::unordered_map<std::string, std::string> offsets_;
  std::deque<std::string> order_;
};

}  // namespace outcry::gateway
