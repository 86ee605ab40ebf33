// transport/outbox.h — what waits to be sent to one client, in the order of publication.
//
//   head ─▶ [frame][frame][frame] ◀─ push        the first may be partly written (sent_)
//
// Holds references, never copies. Empty it holds no memory beyond a small vector.
// Thread: its worker's only.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <sys/uio.h>
#include <vector>

#include "transport/frame.h"

namespace outcry::transport {

class Outbox {
 public:
  /// `wire` views bytes that the frame keeps alive: its plain wire or a deflated one.
  void push(FrameRef frame, std::string_view wire);

  [[nodiscard]] bool empty() const noexcept { return head_ == entries_.size(); }
  [[nodiscard]] std::size_t size() const noexcept { return entries_.size() - head_; }
  /// Wire bytes waiting.
  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }

  /// Fills `parts` with the next wire bytes; returns how many parts.
  [[nodiscard]] std::size_t gather(std::span<iovec> parts) const noexcept;
  /// Drops what a write has sent.
  void consume(std::size_t bytes) noexcept;

  /// Moves up to `packets_max` packets (at least one frame) into a polling payload.
  void take_payload(std::string& out, std::size_t packets_max);
  /// Appends the wire bytes still to be sent; with `first_only` just the rest of a frame that is
  /// partly written, without which the stream would be broken. Empties the outbox.
  void take_wire(std::string& out, bool first_only);
  void clear() noexcept;

 private:
  struct Entry {
    FrameRef frame;
    std::string_view wire;
  };
  void pop() noexcept;
  void shrink() noexcept;

  std::vector<Entry> entries_;
  std::size_t head_ = 0;
  std::size_t sent_ = 0;  // bytes of the first entry already written
  std::size_t bytes_ = 0;
};

}  // namespace outcry::transport
