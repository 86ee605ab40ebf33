#include "gateway/cursors.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace outcry::gateway {
namespace {

/// Both lengths first: no user can be named so that another's cursor is his.
std::string name_of(const Reader& reader, std::string_view room_key) {
  std::string name = std::to_string(reader.user.size());
  name.append(":").append(std::to_string(reader.device.size())).append(":");
  return name.append(reader.user).append(reader.device).append(room_key);
}

}  // namespace

bool Cursors::move(const Reader& reader, std::string_view room_key, std::uint64_t seen) {
  if (most_ == 0) return false;
  std::string name = name_of(reader, room_key);
  if (const auto found = by_name_.find(name); found != by_name_.end()) {
    const Order::iterator cursor = found->second;
    if (seen <= cursor->seen) return false;
    cursor->seen = seen;
    cursor->moved = true;
    order_.splice(order_.begin(), order_, cursor);
    return true;
  }
  if (by_name_.size() >= most_) {
    by_name_.erase(order_.back().name);
    order_.pop_back();
  }
  order_.push_front({.name = std::move(name), .seen = seen});
  by_name_.emplace(order_.front().name, order_.begin());
  return true;
}

std::optional<std::uint64_t> Cursors::find(const Reader& reader, std::string_view room_key) const {
  const auto found = by_name_.find(name_of(reader, room_key));
  return found == by_name_.end() ? std::nullopt : std::optional(found->second->seen);
}

bool Cursors::repeat(const Reader& reader, std::string_view room_key, std::uint64_t newest) {
  Cursor& cursor = *by_name_.at(name_of(reader, room_key));
  if (cursor.moved) return true;
  if (cursor.repeats++ < kRepeatsMax) return true;
  cursor.seen = std::max(cursor.seen, newest);
  cursor.repeats = 0;
  return false;
}

}  // namespace outcry::gateway
