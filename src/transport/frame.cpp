#include "transport/frame.h"

#include <array>

#include "base/base64.h"
#include "protocol/engineio/packet.h"
#include "protocol/websocket/deflate.h"
#include "protocol/websocket/frame.h"

namespace outcry::transport {

void Frame::append_payload(std::string& out) const {
  append_packet(out, first_);
  for (const Packet& packet : rest_) {
    out += engineio::kSeparator;
    append_packet(out, packet);
  }
}

void Frame::append_packet(std::string& out, const Packet& packet) const {
  if (!packet.binary) {
    out += payload(packet);
    return;
  }
  out += 'b';
  base64_append(out, as_bytes(payload(packet)));
}

void Frame::append_wire_deflated(std::string& out, std::string_view deflated_text) const {
  websocket::append_frame(out, websocket::Opcode::text, deflated_text, true);
  out += std::string_view(wire_).substr(first_.offset + first_.size);
}

FrameBuilder::FrameBuilder(std::string_view packet, bool binary)
    : frame_(std::make_shared<Frame>()) {
  frame_->wire_.reserve(websocket::frame_header_size(packet.size()) + packet.size());
  frame_->first_ = add(packet, binary);
}

void FrameBuilder::add_attachment(Bytes bytes) {
  frame_->rest_.push_back(add(as_text(bytes), true));
}

Frame::Packet FrameBuilder::add(std::string_view payload, bool binary) {
  websocket::append_frame(frame_->wire_,
                          binary ? websocket::Opcode::binary : websocket::Opcode::text, payload);
  return {.offset = static_cast<std::uint32_t>(frame_->wire_.size() - payload.size()),
          .size = static_cast<std::uint32_t>(payload.size()),
          .binary = binary};
}

SharedFrame make_base64_frame(const Frame& frame) {
  std::string packets;
  frame.append_payload(packets);
  auto copy = std::make_shared<Frame>();
  for (std::string_view rest = packets; !rest.empty();) {
    const std::size_t end = rest.find(engineio::kSeparator);
    websocket::append_frame(copy->wire_, websocket::Opcode::text, rest.substr(0, end));
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  }
  return copy;
}

SharedFrame make_control_frame(std::string wire) {
  auto frame = std::make_shared<Frame>();
  frame->wire_ = std::move(wire);
  return frame;
}

struct FrameRef::Node {
  explicit Node(FramePool& owner) : pool(owner) {}
  FramePool& pool;
  SharedFrame frame;
  std::uint32_t references = 0;
  std::vector<std::pair<int, std::string>> deflated;  // by window bits
};

struct FramePool::Deflaters {
  std::array<std::unique_ptr<websocket::Deflater>, 16> by_bits;
};

FrameRef::FrameRef(const FrameRef& other) noexcept : node_(other.node_) {
  if (node_ != nullptr) ++node_->references;
}

FrameRef::~FrameRef() {
  if (node_ != nullptr && --node_->references == 0) node_->pool.release(node_);
}

const Frame& FrameRef::operator*() const noexcept {
  return *node_->frame;
}

std::string_view FrameRef::deflated_wire(int window_bits, std::size_t bytes_min) const {
  const Frame& frame = *node_->frame;
  if (frame.text().empty() || frame.text().size() < bytes_min) return frame.wire();
  for (const auto& [bits, wire] : node_->deflated) {
    if (bits == window_bits) return wire;
  }
  // Seven windows exist (9 to 15); reserved at once, so that earlier views stay valid.
  if (node_->deflated.capacity() == 0) node_->deflated.reserve(7);
  node_->deflated.emplace_back(window_bits, node_->pool.deflate(frame, window_bits));
  return node_->deflated.back().second;
}

FramePool::FramePool() : deflaters_(std::make_unique<Deflaters>()) {}
FramePool::~FramePool() = default;

FrameRef FramePool::share(SharedFrame frame) {
  if (free_.empty()) {
    nodes_.push_back(std::make_unique<FrameRef::Node>(*this));
    free_.push_back(nodes_.back().get());
    free_.reserve(nodes_.capacity());  // release() must not need memory
  }
  FrameRef::Node* node = free_.back();
  free_.pop_back();
  node->frame = std::move(frame);
  node->references = 1;
  return FrameRef(node);
}

void FramePool::release(FrameRef::Node* node) noexcept {
  node->frame.reset();
  node->deflated.clear();
  free_.push_back(node);
}

std::string FramePool::deflate(const Frame& frame, int window_bits) {
  auto& deflater = deflaters_->by_bits.at(static_cast<std::size_t>(window_bits));
  if (!deflater) deflater = std::make_unique<websocket::Deflater>(window_bits);
  std::string compressed, wire;
  deflater->deflate(frame.text(), compressed);
  frame.append_wire_deflated(wire, compressed);
  return wire;
}

}  // namespace outcry::transport
