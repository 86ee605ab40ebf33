#include "transport/outbox.h"

#include <algorithm>

#include "base/assert.h"
#include "protocol/engineio/packet.h"

namespace outcry::transport {
namespace {

// Entries kept allocated between bursts; beyond it, memory goes back when the outbox is empty.
constexpr std::size_t kEntriesKept = 8;

}  // namespace

void Outbox::push(FrameRef frame, std::string_view wire) {
  bytes_ += wire.size();
  entries_.push_back({std::move(frame), wire});
}

std::size_t Outbox::gather(std::span<iovec> parts) const noexcept {
  std::size_t count = 0;
  for (std::size_t i = head_; i < entries_.size() && count < parts.size(); ++i) {
    const std::string_view wire = entries_[i].wire.substr(i == head_ ? sent_ : 0);
    parts[count++] = {const_cast<char*>(wire.data()), wire.size()};
  }
  return count;
}

void Outbox::consume(std::size_t bytes) noexcept {
  OUTCRY_ASSERT(bytes <= bytes_);
  bytes_ -= bytes;
  sent_ += bytes;
  while (!empty() && sent_ >= entries_[head_].wire.size()) {
    sent_ -= entries_[head_].wire.size();
    pop();
  }
  shrink();
}

void Outbox::take_payload(std::string& out, std::size_t packets_max) {
  std::size_t packets = 0;
  while (!empty()) {
    const Entry& entry = entries_[head_];
    packets += entry.frame->packet_count();
    // An event and its attachments are one unit, also when it alone exceeds the cap.
    if (packets > packets_max && packets != entry.frame->packet_count()) break;
    if (packets != entry.frame->packet_count()) out += engineio::kSeparator;
    entry.frame->append_payload(out);
    bytes_ -= entry.wire.size();
    pop();
  }
  shrink();
}

void Outbox::take_wire(std::string& out, bool first_only) {
  for (std::size_t i = head_; i < entries_.size(); ++i) {
    if (first_only && (i > head_ || sent_ == 0)) break;
    out += entries_[i].wire.substr(i == head_ ? sent_ : 0);
  }
  clear();
}

void Outbox::clear() noexcept {
  entries_.clear();
  head_ = 0;
  sent_ = 0;
  bytes_ = 0;
  shrink();
}

void Outbox::pop() noexcept {
  entries_[head_].frame = FrameRef();
  ++head_;
}

void Outbox::shrink() noexcept {
  if (empty()) {
    entries_.clear();
    head_ = 0;
    if (entries_.capacity() > kEntriesKept) std::vector<Entry>().swap(entries_);
  } else if (head_ >= 64 && head_ * 2 > entries_.size()) {
    // A queue that never empties must not grow at its front.
    entries_.erase(entries_.begin(), entries_.begin() + static_cast<std::ptrdiff_t>(head_));
    head_ = 0;
  }
}

}  // namespace outcry::transport
