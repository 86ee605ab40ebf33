#include "transport/frame.h"

#include <array>
#include <cstring>

#include "base/assert.h"
#include "base/base64.h"
#include "protocol/engineio/packet.h"
#include "protocol/websocket/deflate.h"
#include "protocol/websocket/frame.h"

namespace outcry::transport {

/// Writes packets as frames into a block of just their size.
class FrameWriter {
 public:
  FrameWriter(Frame& frame, std::span<char> out) : frame_(frame), out_(out) {}

  void add_first(std::string_view payload, bool binary) { frame_.first_ = add(payload, binary); }
  void mark_trailer(std::size_t bytes) {
    const Frame::Packet& text = frame_.first_;
    OUTCRY_ASSERT(bytes > 0 && bytes < text.size);
    frame_.trailer_at_ = static_cast<std::uint32_t>(text.offset + text.size - 1 - bytes);
  }
  void add_attachment(std::string_view payload) {
    if (!frame_.rest_) frame_.rest_ = std::make_unique<std::vector<Frame::Packet>>();
    frame_.rest_->push_back(add(payload, true));
  }

 private:
  Frame::Packet add(std::string_view payload, bool binary) {
    std::array<std::byte, websocket::kServerHeaderBytesMax> header;
    const std::size_t size = websocket::encode_frame_header(
        header, binary ? websocket::Opcode::binary : websocket::Opcode::text, payload.size());
    std::memcpy(out_.data() + at_, header.data(), size);
    at_ += size;
    if (!payload.empty()) std::memcpy(out_.data() + at_, payload.data(), payload.size());
    const Frame::Packet packet{.offset = static_cast<std::uint32_t>(at_),
                               .size = static_cast<std::uint32_t>(payload.size()),
                               .binary = binary};
    at_ += payload.size();
    return packet;
  }

  Frame& frame_;
  std::span<char> out_;
  std::size_t at_ = 0;
};

namespace {

std::size_t frame_size(std::size_t payload_bytes) {
  return websocket::frame_header_size(payload_bytes) + payload_bytes;
}

}  // namespace

SharedFrame make_frame(std::string_view packet, std::span<const std::string> attachments,
                       std::size_t trailer_bytes) {
  std::size_t bytes = frame_size(packet.size());
  for (const std::string& attachment : attachments) bytes += frame_size(attachment.size());
  return SharedFrame::make(bytes, [&](Frame& frame, std::span<char> out) {
    FrameWriter writer(frame, out);
    writer.add_first(packet, false);
    if (trailer_bytes > 0) writer.mark_trailer(trailer_bytes);
    for (const std::string& attachment : attachments) writer.add_attachment(attachment);
  });
}

void set_trailer(const SharedFrame& frame, std::string_view trailer) {
  frame.unshared().overwrite_trailer(trailer);
}

void set_mark(const SharedFrame& frame, std::unique_ptr<FrameMark> mark) {
  frame.unshared().mark_ = std::move(mark);
}

void Frame::overwrite_trailer(std::string_view trailer) {
  OUTCRY_ASSERT(has_trailer() && trailer.size() == this->trailer().size());
  std::memcpy(begin() + trailer_at_, trailer.data(), trailer.size());
}

std::string_view Frame::trailer() const noexcept {
  if (!has_trailer()) return {};
  return wire().substr(trailer_at_, first_.offset + first_.size - 1 - trailer_at_);
}

SharedFrame make_frame_without_trailer(const Frame& frame) {
  const std::string_view text = frame.text();
  const std::size_t trailer = frame.trailer().size();
  std::string packet(text.substr(0, text.size() - 1 - trailer));
  packet += text.back();
  return make_frame(packet, frame.attachments());
}

std::vector<std::string> Frame::attachments() const {
  std::vector<std::string> out;
  if (!rest_) return out;
  for (const Packet& packet : *rest_) out.emplace_back(payload(packet));
  return out;
}

SharedFrame make_binary_frame(Bytes message) {
  return SharedFrame::make(frame_size(message.size()), [&](Frame& frame, std::span<char> out) {
    FrameWriter(frame, out).add_first(as_text(message), true);
  });
}

SharedFrame make_base64_frame(const Frame& frame) {
  std::string packets, wire;
  frame.append_payload(packets);
  for (std::string_view rest = packets; !rest.empty();) {
    const std::size_t end = rest.find(engineio::kSeparator);
    websocket::append_frame(wire, websocket::Opcode::text, rest.substr(0, end));
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  }
  return make_control_frame(wire);
}

SharedFrame make_control_frame(std::string_view wire) {
  return SharedFrame::make(wire.size(), [&](Frame&, std::span<char> out) {
    std::memcpy(out.data(), wire.data(), wire.size());
  });
}

void Frame::append_payload(std::string& out) const {
  append_packet(out, first_);
  if (!rest_) return;
  for (const Packet& packet : *rest_) {
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
  out += wire().substr(first_.offset + first_.size);
}

struct FrameRef::Node {
  explicit Node(FramePool& owner) : pool(owner) {}
  FramePool& pool;
  SharedFrame frame;
  std::uint32_t references = 0;
  DeliveryTerms terms;
  TimePoint since;
  std::vector<std::pair<int, std::string>> deflated;  // by window bits
  FrameRef without_trailer;                           // null: nobody has asked for it
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

const FrameRef& FrameRef::without_trailer() const {
  if (!node_->frame->has_trailer()) return *this;
  if (!node_->without_trailer) {
    node_->without_trailer =
        node_->pool.share(make_frame_without_trailer(*node_->frame), node_->terms, node_->since);
  }
  return node_->without_trailer;
}

const DeliveryTerms& FrameRef::terms() const noexcept {
  return node_->terms;
}

TimePoint FrameRef::since() const noexcept {
  return node_->since;
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

FrameRef FramePool::share(SharedFrame frame, const DeliveryTerms& terms, TimePoint since) {
  if (free_.empty()) {
    nodes_.push_back(std::make_unique<FrameRef::Node>(*this));
    free_.push_back(nodes_.back().get());
    free_.reserve(nodes_.capacity());  // release() must not need memory
  }
  FrameRef::Node* node = free_.back();
  free_.pop_back();
  node->frame = std::move(frame);
  node->references = 1;
  node->terms = terms;
  node->since = since;
  return FrameRef(node);
}

void FramePool::release(FrameRef::Node* node) noexcept {
  node->frame.reset();
  node->deflated.clear();
  node->without_trailer = FrameRef();
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
