#include "transport/frame_run.h"

namespace outcry::transport {
namespace {

constexpr std::size_t kFramesMin = 2;  // one is in one piece anyway
// Beyond it the copy costs more than the pieces do, and the buffer is kept.
constexpr std::size_t kBytesMax = 64 * 1024;

}  // namespace

std::string_view FrameRun::joined(const Outbox& outbox, const WireForm& form) {
  const std::size_t count = outbox.size();
  if (count < kFramesMin || outbox.bytes() > kBytesMax || outbox.partly_sent()) return {};
  if (deflate_bits_ != form.deflate_bits || !outbox.holds(frames_)) {
    clear();
    deflate_bits_ = form.deflate_bits;
    outbox.copy_to(frames_);
    return {};
  }
  if (bytes_.empty()) {
    for (const FrameRef& frame : frames_) bytes_ += form.of(frame);
  }
  return bytes_;
}

void FrameRun::clear() noexcept {
  frames_.clear();
  bytes_.clear();
}

}  // namespace outcry::transport
