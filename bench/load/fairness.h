// load/fairness.h — in which order the members of a room are served.
//
//   event e of a room with 4 members arrives at   c, a, d, b
//   ranks                                         0  ⅓  ⅔  1
//
// A server that writes a large room member by member has a first and a last. If it is always the
// same one, that member's latency is the worst of every event and no percentile over all members
// shows it. So each member's ranks are averaged over the events of a window: 0.5 for all is ideal,
// 1 means always last. The order is that of reading; epoll reports sockets in the order in which
// they became readable.
// A few events at a time are followed in each room, so that recording costs little when thousands
// are under way. Thread: its owner's.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace outcry::bench {

/// Over the members that took part in a followed event.
struct FairnessFigures {
  std::uint64_t events = 0;  ///< followed
  double min = 0;
  double median = 0;
  double p99 = 0;
  double max = 0;
};

class Fairness {
 public:
  Fairness(std::uint32_t members, std::uint32_t rooms) : ranks_(members), rooms_(rooms) {}

  /// One more member of `room`; those of rooms with fewer than two have no rank.
  void add_member(std::uint32_t room) noexcept { ++rooms_[room].members; }
  /// Starts anew.
  void clear() noexcept;
  /// `member` received the event of `room` that was published at `published_ns`.
  void record(std::uint32_t member, std::uint32_t room, std::uint64_t published_ns) noexcept;

  [[nodiscard]] FairnessFigures figures() const;

 private:
  static constexpr std::size_t kFollowed = 4;
  struct Event {
    std::uint64_t published_ns = 0;  ///< 0: free
    std::uint32_t received = 0;
  };
  struct Room {
    std::uint32_t members = 0;
    std::uint64_t newest_ns = 0;
    std::array<Event, kFollowed> followed;
  };
  struct Ranks {
    double sum = 0;
    std::uint32_t count = 0;
  };
  [[nodiscard]] Event* follow(Room& room, std::uint64_t published_ns) noexcept;

  std::vector<Ranks> ranks_;
  std::vector<Room> rooms_;
  std::uint64_t events_ = 0;
};

}  // namespace outcry::bench
