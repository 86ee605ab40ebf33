// transport/outbox.h — what waits to be sent to one client, in the order of publication.
//
//   head ─▶ [frame][frame][  ][frame] ◀─ push      the first may be partly written (sent_)
//                          └─ superseded: a `latest` one whose key came again
//
// The order of an outbox is the order of publication, always; conflation only removes. Of one key
// at most two entries wait: the newest, and before it one that keeps its place because its key has
// been waiting for too long (`conflation`); so a key that never rests still gets through.
//
// Holds references, never copies, in a list that is the worker's and lent while something waits:
// idle it is two pointers, and what a delivery writes to is what the one before has just used.
// Thread: its worker's only.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <sys/uio.h>
#include <vector>

#include "transport/frame.h"

namespace outcry::transport {

/// How a connection wants its frames: plain, or with permessage-deflate of this window.
struct WireForm {
  int deflate_bits = 0;
  std::size_t deflate_bytes_min = 0;
  [[nodiscard]] std::string_view of(const FrameRef& frame) const {
    return deflate_bits == 0 ? frame->wire() : frame.deflated_wire(deflate_bits, deflate_bytes_min);
  }
};

/// A worker's lists for its outboxes. Must outlive them. Thread: the worker's only.
class OutboxPool {
 public:
  OutboxPool();
  OutboxPool(const OutboxPool&) = delete;
  OutboxPool& operator=(const OutboxPool&) = delete;
  ~OutboxPool();

 private:
  friend class Outbox;
  struct List;
  struct Delete {
    void operator()(List* list) const noexcept;
  };
  using ListPtr = std::unique_ptr<List, Delete>;
  ListPtr take();
  void give_back(ListPtr list) noexcept;

  std::vector<ListPtr> free_;
};

class Outbox {
 public:
  explicit Outbox(OutboxPool& pool) noexcept : pool_(pool) {}
  Outbox(const Outbox&) = delete;
  Outbox& operator=(const Outbox&) = delete;
  ~Outbox() { clear(); }

  /// Appends a frame.
  void push(const FrameRef& frame);
  /// The same for a reader that is behind: a `latest` frame supersedes the one of its key that
  /// waits, unless that has begun to be sent, or its key has had something waiting for
  /// `conflation`. True if one was superseded.
  bool push(const FrameRef& frame, std::chrono::milliseconds conflation);

  [[nodiscard]] bool empty() const noexcept { return list_ == nullptr; }
  /// Frames waiting.
  [[nodiscard]] std::size_t size() const noexcept;
  /// Bytes waiting, as plain WebSocket frames; what was partly written counts whole.
  [[nodiscard]] std::size_t bytes() const noexcept;

  [[nodiscard]] bool partly_sent() const noexcept;
  /// Whether just these frames wait, in this order.
  [[nodiscard]] bool holds(std::span<const FrameRef> frames) const noexcept;
  /// Appends what waits.
  void copy_to(std::vector<FrameRef>& out) const;

  /// Fills `parts` with the next wire bytes; returns how many parts.
  [[nodiscard]] std::size_t gather(std::span<iovec> parts, const WireForm& form) const;
  /// Drops what a write has sent.
  void consume(std::size_t bytes, const WireForm& form);

  /// Moves up to `packets_max` packets (at least one frame) into a polling payload.
  void take_payload(std::string& out, std::size_t packets_max);
  /// Appends the wire bytes still to be sent; with `first_only` just the rest of a frame that is
  /// partly written, without which the stream would be broken. Empties the outbox.
  void take_wire(std::string& out, bool first_only, const WireForm& form);
  void clear() noexcept;

 private:
  void append(const FrameRef& frame, TimePoint since);
  void pop();

  OutboxPool& pool_;
  OutboxPool::ListPtr list_;  // null: nothing waits
};

}  // namespace outcry::transport
