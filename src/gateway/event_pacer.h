// gateway/event_pacer.h — at most one `latest` event of a key in an interval: the newest.
//
//   in    1 · 2 3 4 · · · · 5        out   1 (at once) · · 4 (interval over) · · 5
//
// The first of a key goes out at once; what follows within the interval is held, each replacing the
// one before, and the last of them goes out at its end. Fewer events for every client of a busy
// room, with the newest state always on its way.
// Thread: the control thread. Owner: Publisher.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <utility>

#include <boost/unordered/unordered_flat_map.hpp>

#include "base/clock.h"
#include "bus/publication.h"

namespace outcry::gateway {

class EventPacer {
 public:
  /// `interval` zero: nothing is ever held. Of more than `keys_max` keys in one interval the
  /// further ones are not held either.
  EventPacer(std::chrono::milliseconds interval, std::size_t keys_max)
      : interval_(interval), keys_max_(keys_max) {}

  /// Whether anything is ever held: what a key costs may be saved if not.
  [[nodiscard]] bool active() const noexcept { return interval_.count() > 0; }
  /// True if the event is to go out now; else it was taken and is held.
  [[nodiscard]] bool admit(std::uint64_t key, bus::Publication& publication, TimePoint now);

  /// Gives f the held events whose interval is over, oldest interval first.
  template <class F>
  void release(TimePoint now, F&& f) {
    while (!order_.empty() && order_.front().first <= now) {
      const std::uint64_t key = order_.front().second;
      order_.pop_front();
      const auto place = held_.find(key);
      if (!place->second) {
        held_.erase(place);
        continue;
      }
      bus::Publication publication = std::move(*place->second);
      place->second.reset();
      order_.emplace_back(now + interval_, key);
      f(std::move(publication));
    }
  }
  /// Gives f all that is held: nothing more comes.
  template <class F>
  void release_all(F&& f) {
    for (const auto& [end, key] : std::exchange(order_, {})) {
      if (auto& publication = held_[key]) f(std::move(*publication));
    }
    held_.clear();
  }
  /// When release() next has something to do.
  [[nodiscard]] std::optional<TimePoint> next() const {
    if (order_.empty()) return std::nullopt;
    return order_.front().first;
  }
  /// Events that a newer one has replaced.
  [[nodiscard]] std::uint64_t replaced() const noexcept { return replaced_; }

 private:
  const std::chrono::milliseconds interval_;
  const std::size_t keys_max_;
  // Every key of the last interval, with what is held of it.
  boost::unordered_flat_map<std::uint64_t, std::optional<bus::Publication>> held_;
  std::deque<std::pair<TimePoint, std::uint64_t>> order_;  // ends of intervals: they rise
  std::uint64_t replaced_ = 0;
};

}  // namespace outcry::gateway
