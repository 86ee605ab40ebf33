// eventlog/history.h — what went out lately, in memory: the order of release, and in it a chain for
// each room.
//
//   index   #41      #42      #43      #44
//           room A   room B   room A   room A      append() at the end, trim() at the front
//             ▲────────────────┘ ▲───────┘          each entry knows the one before it of its room
//
// A room holds the index of its newest entry and nothing else, so an event costs one write at the
// end of one list, however many rooms there are; a replay walks back until it meets what its reader
// has had. What is trimmed is told to its room: whoever needs more than is left must know it.
// Thread: its owner's only.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "base/assert.h"
#include "base/clock.h"

namespace outcry::eventlog {

/// Place of an entry in the order of release; they rise by one. 0 is nobody's.
using EntryIndex = std::uint64_t;

struct HistoryLimits {
  std::size_t events_max = 1'000'000;
  std::size_t bytes_max = 268'435'456;  // as entries say
  std::chrono::milliseconds age_max{std::chrono::hours(24)};
};

/// `Room` is a handle of the room's owner, `Payload` what is kept of an event.
template <class Room, class Payload>
class History {
 public:
  struct Entry {
    Room room{};
    EntryIndex before = 0;       // the room's entry before this one, trimmed or not; 0: none
    std::uint64_t durable = 0;   // its number on disk; 0: it isn't there
    std::uint64_t released = 0;  // its place among all that was released
    TimePoint at{};
    std::size_t bytes = 0;
    Payload payload{};
  };

  explicit History(const HistoryLimits& limits) : limits_(limits) {}
  History(const History&) = delete;
  History& operator=(const History&) = delete;

  EntryIndex append(Entry entry) {
    if (end_ - first_chunk_ == chunks_.size() * kChunk) {
      chunks_.push_back(spare_ ? std::move(spare_) : std::make_unique<Chunk>());
    }
    bytes_ += entry.bytes;
    place(end_) = std::move(entry);
    return end_++;
  }

  /// nullptr once it was trimmed.
  [[nodiscard]] const Entry* find(EntryIndex index) const {
    return index >= begin_ && index < end_ ? &place(index) : nullptr;
  }

  /// Drops what exceeds the limits, oldest first and at most `most` entries; f(EntryIndex, const
  /// Entry&) before each goes. True if more is to be dropped.
  template <class F>
  bool trim(TimePoint now, std::size_t most, F&& f) {
    for (; most > 0 && exceeds(now); --most) {
      Entry& oldest = place(begin_);
      f(begin_, std::as_const(oldest));
      bytes_ -= oldest.bytes;
      oldest = Entry{};
      if (++begin_ == first_chunk_ + kChunk) drop_first_chunk();
    }
    return exceeds(now);
  }

  [[nodiscard]] EntryIndex begin() const noexcept { return begin_; }
  [[nodiscard]] EntryIndex end() const noexcept { return end_; }
  [[nodiscard]] std::size_t size() const noexcept { return end_ - begin_; }
  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }

 private:
  static constexpr std::size_t kChunk = 1024;
  using Chunk = std::array<Entry, kChunk>;

  [[nodiscard]] bool exceeds(TimePoint now) const {
    return size() > 0 && (size() > limits_.events_max || bytes_ > limits_.bytes_max ||
                          now - place(begin_).at > limits_.age_max);
  }
  [[nodiscard]] const Entry& place(EntryIndex index) const {
    const std::size_t offset = index - first_chunk_;
    return (*chunks_[offset / kChunk])[offset % kChunk];
  }
  [[nodiscard]] Entry& place(EntryIndex index) {
    return const_cast<Entry&>(std::as_const(*this).place(index));
  }
  // One is kept: a history at its limit drops a chunk as often as it needs one.
  void drop_first_chunk() {
    spare_ = std::move(chunks_.front());
    chunks_.erase(chunks_.begin());
    first_chunk_ += kChunk;
  }

  const HistoryLimits limits_;
  std::vector<std::unique_ptr<Chunk>> chunks_;
  std::unique_ptr<Chunk> spare_;
  EntryIndex first_chunk_ = 1;  // index of the first place of the first chunk
  EntryIndex begin_ = 1;
  EntryIndex end_ = 1;
  std::size_t bytes_ = 0;
};

}  // namespace outcry::eventlog
