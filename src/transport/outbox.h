// transport/outbox.h — what waits to be sent to one client, in the order of publication.
//
//   head ─▶ [frame][frame][  ][frame] ◀─ push      the first may be partly written (sent_)
//                          └─ superseded: a `latest` one whose key came again
//
// The order of an outbox is the order of publication, always; conflation only removes. Of one key
// at most two entries wait: the newest, and before it one that keeps its place because its key has
// been waiting for too long (`conflation`); so a key that never rests still gets through.
//
// Holds references, never copies, in a list that is the worker's and only lent while something
// waits: idle it has no memory of its own.
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

class Outbox {
 public:
  /// `pool` is the one of the frames to come; it must outlive the outbox.
  explicit Outbox(FramePool& pool);
  Outbox(const Outbox&) = delete;
  Outbox& operator=(const Outbox&) = delete;
  ~Outbox();

  /// Appends a frame. True if it superseded an earlier one of its key: one that hasn't begun to be
  /// sent, and whose key has had something waiting for less than `conflation`.
  bool push(const FrameRef& frame, std::chrono::milliseconds conflation);

  [[nodiscard]] bool empty() const noexcept { return waiting_ == 0; }
  /// Frames waiting.
  [[nodiscard]] std::size_t size() const noexcept { return waiting_; }
  /// Bytes waiting, as plain WebSocket frames; what was partly written counts whole.
  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }

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
  using Entry = WaitingFrame;
  struct KeyIndex;
  /// Where the entries of a key are; those superseded or sent, nowhere.
  struct Places {
    std::uint32_t newest = kNowhere;
    std::uint32_t before = kNowhere;
  };
  static constexpr std::uint32_t kNowhere = 0xffffffff;

  bool supersede(Entry& entry, std::chrono::milliseconds conflation);
  [[nodiscard]] Places places_of(std::uint64_t key) const;
  [[nodiscard]] Places scan(std::uint64_t key) const;
  void index();
  void pop();
  void remove(Entry& entry) noexcept;
  void close_gaps();
  void skip_gaps() noexcept;
  /// First entry that isn't on the wire yet, not even partly.
  [[nodiscard]] std::size_t first_unsent() const noexcept { return head_ + (sent_ > 0 ? 1 : 0); }

  FramePool& pool_;
  std::vector<Entry> entries_;
  std::unique_ptr<KeyIndex> index_;
  std::uint32_t head_ = 0;
  std::uint32_t waiting_ = 0;
  std::size_t sent_ = 0;  // bytes of the first entry already written
  std::size_t bytes_ = 0;
};

}  // namespace outcry::transport
