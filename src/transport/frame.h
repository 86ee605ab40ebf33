// transport/frame.h — Engine.IO packets encoded once and sent as they are to many.
//
//   wire:   [81 7e 01 5e][4 2["equity_updated",{…}]][82 03][01 02 03]
//            ws header    packet 0 (text)            header packet 1 (binary)
//
// Server frames are unmasked (RFC 6455 §5.1), so the same WebSocket bytes serve every member of a
// room; the packets' text within them is what a polling answer is made of. One encoding, two uses.
//
// An event may have a trailer: a last argument that only some clients take.
//
//   4 2["equity_updated",{…},"AAAAAB…"]     a client that can come back with it
//   4 2["equity_updated",{…}]               any other
//
//   SharedFrame   immutable; crosses threads; atomic count, touched once per worker and event
//   FrameRef      one worker's reference to it; plain count, touched once per delivery
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/counted_block.h"
#include "transport/delivery.h"

namespace outcry::transport {

class Frame;
using SharedFrame = CountedPtr<Frame>;

/// What the sender of a frame is to find in it again. Transport only carries it.
struct FrameMark {
  virtual ~FrameMark() = default;
};

class Frame : public CountedBlock<Frame> {
 public:
  /// The WebSocket frames of all packets.
  [[nodiscard]] std::string_view wire() const noexcept { return bytes(); }
  [[nodiscard]] std::size_t packet_count() const noexcept {
    return 1 + (rest_ ? rest_->size() : 0);
  }
  [[nodiscard]] bool has_binary() const noexcept { return first_.binary || rest_ != nullptr; }
  [[nodiscard]] bool has_trailer() const noexcept { return trailer_at_ != 0; }
  /// Empty if it has none.
  [[nodiscard]] std::string_view trailer() const noexcept;
  /// nullptr for nearly every frame.
  [[nodiscard]] const FrameMark* mark() const noexcept { return mark_.get(); }
  /// The packets behind the first one.
  [[nodiscard]] std::vector<std::string> attachments() const;
  /// The first packet's text, with its Engine.IO type digit; empty if it is binary.
  [[nodiscard]] std::string_view text() const noexcept {
    return first_.binary ? std::string_view() : payload(first_);
  }
  /// Appends the packets as part of a polling payload (binary ones as 'b' + base64).
  void append_payload(std::string& out) const;
  /// Appends the frames with the text packet deflated (RFC 7692), given its compressed bytes.
  void append_wire_deflated(std::string& out, std::string_view deflated_text) const;

 private:
  friend class FrameWriter;
  friend void set_trailer(const SharedFrame& frame, std::string_view trailer);
  friend void set_mark(const SharedFrame& frame, std::unique_ptr<FrameMark> mark);
  struct Packet {
    std::uint32_t offset = 0;  // of its payload in the wire bytes
    std::uint32_t size = 0;
    bool binary = false;
  };
  [[nodiscard]] std::string_view payload(const Packet& packet) const noexcept {
    return wire().substr(packet.offset, packet.size);
  }
  void append_packet(std::string& out, const Packet& packet) const;
  void overwrite_trailer(std::string_view trailer);

  Packet first_;
  std::uint32_t trailer_at_ = 0;  // in the wire bytes; it ends before the text's last character
  std::unique_ptr<std::vector<Packet>> rest_;  // attachments
  std::unique_ptr<FrameMark> mark_;
};

/// One packet, and the attachments that belong to it. `packet` has its Engine.IO type digit; its
/// trailer, if it has one, is the `trailer_bytes` before its last character.
[[nodiscard]] SharedFrame make_frame(std::string_view packet,
                                     std::span<const std::string> attachments = {},
                                     std::size_t trailer_bytes = 0);

/// Writes another trailer of the same length into a frame that nobody else holds yet.
void set_trailer(const SharedFrame& frame, std::string_view trailer);

/// Marks a frame that nobody else holds yet.
void set_mark(const SharedFrame& frame, std::unique_ptr<FrameMark> mark);

/// The same packets without the trailer, and without the mark.
[[nodiscard]] SharedFrame make_frame_without_trailer(const Frame& frame);

/// A binary message that stands alone.
[[nodiscard]] SharedFrame make_binary_frame(Bytes message);

/// The frame for a WebSocket client that can't take binary (`b64=1`): attachments as base64 text.
[[nodiscard]] SharedFrame make_base64_frame(const Frame& frame);

/// A WebSocket control frame, already on the wire's form; it has no place in a polling payload.
[[nodiscard]] SharedFrame make_control_frame(std::string_view wire);

class FramePool;

/// A worker's share of a frame. Thread: its worker's only.
class FrameRef {
 public:
  FrameRef() = default;
  FrameRef(const FrameRef& other) noexcept;
  FrameRef(FrameRef&& other) noexcept : node_(std::exchange(other.node_, nullptr)) {}
  FrameRef& operator=(FrameRef other) noexcept {
    std::swap(node_, other.node_);
    return *this;
  }
  ~FrameRef();

  [[nodiscard]] const Frame& operator*() const noexcept;
  [[nodiscard]] const Frame* operator->() const noexcept { return &**this; }
  [[nodiscard]] explicit operator bool() const noexcept { return node_ != nullptr; }
  [[nodiscard]] bool same_as(const FrameRef& other) const noexcept { return node_ == other.node_; }
  /// The wire bytes for a connection with permessage-deflate of this window; compressed at the
  /// first call and kept for the other members of the room. Plain if shorter than `bytes_min`.
  [[nodiscard]] std::string_view deflated_wire(int window_bits, std::size_t bytes_min) const;
  /// The frame for those who take no trailer; made at the first call, and kept for the others.
  [[nodiscard]] const FrameRef& without_trailer() const;
  [[nodiscard]] const DeliveryTerms& terms() const noexcept;
  /// When the worker got the frame: the start of that tick.
  [[nodiscard]] TimePoint since() const noexcept;

 private:
  friend class FramePool;
  struct Node;
  explicit FrameRef(Node* node) noexcept : node_(node) {}
  Node* node_ = nullptr;
};

/// Gives out FrameRefs; keeps their nodes for reuse, so that a delivery allocates nothing.
/// Must outlive them. Thread: its worker's only.
class FramePool {
 public:
  FramePool();
  FramePool(const FramePool&) = delete;
  FramePool& operator=(const FramePool&) = delete;
  ~FramePool();

  [[nodiscard]] FrameRef share(SharedFrame frame, const DeliveryTerms& terms = {},
                               TimePoint since = {});

 private:
  friend class FrameRef;
  struct Deflaters;
  void release(FrameRef::Node* node) noexcept;
  std::string deflate(const Frame& frame, int window_bits);

  std::vector<std::unique_ptr<FrameRef::Node>> nodes_;
  std::vector<FrameRef::Node*> free_;
  std::unique_ptr<Deflaters> deflaters_;
};

}  // namespace outcry::transport
