#include "load/fairness.h"

#include <algorithm>
#include <cmath>

namespace outcry::bench {
namespace {

// An event that a member never gets would be followed for ever.
constexpr std::uint64_t kLostAfterNs = 1'000'000'000;

}  // namespace

void Fairness::clear() noexcept {
  std::ranges::fill(ranks_, Ranks{});
  for (Room& room : rooms_) {
    room.newest_ns = 0;
    room.followed = {};
  }
  events_ = 0;
}

void Fairness::record(std::uint32_t member, std::uint32_t room_number,
                      std::uint64_t published_ns) noexcept {
  Room& room = rooms_[room_number];
  if (room.members < 2) return;
  Event* event = follow(room, published_ns);
  if (event == nullptr) return;
  Ranks& ranks = ranks_[member];
  ranks.sum += static_cast<double>(event->received) / (room.members - 1);
  ++ranks.count;
  if (++event->received >= room.members) *event = {};
}

/// The event's place, found or taken; nullptr when it is not followed.
Fairness::Event* Fairness::follow(Room& room, std::uint64_t published_ns) noexcept {
  for (Event& event : room.followed) {
    if (event.published_ns == published_ns) return &event;
  }
  // Only its first receipt may start it: to start later would give the second the first one's rank.
  if (published_ns <= room.newest_ns) return nullptr;
  room.newest_ns = published_ns;
  for (Event& event : room.followed) {
    if (event.published_ns != 0 && published_ns - event.published_ns < kLostAfterNs) continue;
    event = {.published_ns = published_ns, .received = 0};
    ++events_;
    return &event;
  }
  return nullptr;
}

FairnessFigures Fairness::figures() const {
  std::vector<double> means;
  for (const Ranks& ranks : ranks_) {
    if (ranks.count > 0) means.push_back(ranks.sum / ranks.count);
  }
  if (means.empty()) return {};
  std::ranges::sort(means);
  const auto at = [&](double fraction) {
    const auto rank =
        static_cast<std::size_t>(std::ceil(fraction * static_cast<double>(means.size())));
    return means[std::clamp<std::size_t>(rank, 1, means.size()) - 1];
  };
  return {.events = events_,
          .min = means.front(),
          .median = at(0.5),
          .p99 = at(0.99),
          .max = means.back()};
}

}  // namespace outcry::bench
