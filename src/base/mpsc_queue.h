// base/mpsc_queue.h — a bounded queue from many threads to one, without locks.
//
//   cell: [sequence | value]     sequence == position      free for the producer of `position`
//                                sequence == position + 1  filled, for the consumer
//
// Each cell carries its own sequence, so producers meet only on one counter and never wait for the
// consumer. Bounded, because a full queue is the sender's problem and must be visible to it.
// Thread: try_push from any; try_pop from the one consumer.
#pragma once

#include <atomic>
#include <bit>
#include <cstddef>
#include <memory>
#include <new>
#include <optional>
#include <utility>

namespace outcry {

template <class T>
class MpscQueue {
 public:
  /// `capacity` is rounded up to a power of two.
  explicit MpscQueue(std::size_t capacity)
      : mask_(std::bit_ceil(capacity) - 1), cells_(std::make_unique<Cell[]>(mask_ + 1)) {
    for (std::size_t i = 0; i <= mask_; ++i) cells_[i].sequence.store(i, std::memory_order_relaxed);
  }
  MpscQueue(const MpscQueue&) = delete;
  MpscQueue& operator=(const MpscQueue&) = delete;

  /// False if the queue is full; `value` is then untouched.
  [[nodiscard]] bool try_push(T&& value) {
    std::size_t position = tail_.load(std::memory_order_relaxed);
    for (;;) {
      Cell& cell = cells_[position & mask_];
      const std::size_t sequence = cell.sequence.load(std::memory_order_acquire);
      if (sequence == position) {
        if (tail_.compare_exchange_weak(position, position + 1, std::memory_order_relaxed)) {
          cell.value.emplace(std::move(value));
          cell.sequence.store(position + 1, std::memory_order_release);
          return true;
        }
      } else if (sequence < position) {
        return false;  // the consumer hasn't freed this cell since the last round
      } else {
        position = tail_.load(std::memory_order_relaxed);
      }
    }
  }

  [[nodiscard]] std::optional<T> try_pop() {
    Cell& cell = cells_[head_ & mask_];
    if (cell.sequence.load(std::memory_order_acquire) != head_ + 1) return std::nullopt;
    std::optional<T> value = std::move(cell.value);
    cell.value.reset();
    cell.sequence.store(head_ + mask_ + 1, std::memory_order_release);
    ++head_;
    return value;
  }

 private:
  struct Cell {
    std::atomic<std::size_t> sequence;
    std::optional<T> value;
  };
  static constexpr std::size_t kCacheLine = 64;

  const std::size_t mask_;
  std::unique_ptr<Cell[]> cells_;
  alignas(kCacheLine) std::atomic<std::size_t> tail_{0};
  alignas(kCacheLine) std::size_t head_ = 0;
};

}  // namespace outcry
