// transport/frame_run.h — frames that one connection after another is sent, side by side.
//
//   outbox of a:  [f1][f2][f3]      written one by one, and remembered
//   outbox of b:  [f1][f2][f3]      the same: joined once, written as one piece
//   outbox of c:  [f1][f2][f3]      as one piece
//
// When events come faster than a room can be written, its members have the same list waiting; a
// list of sixteen pieces costs the kernel twice what one piece does. Whoever has another list costs
// a comparison of its first frame.
// Thread: its worker's only. Owner: Endpoint. Used within one flush of all connections: the frames
// that it holds can't be freed, and so not be mistaken for others at their address.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "transport/outbox.h"

namespace outcry::transport {

class FrameRun {
 public:
  /// All that waits in `outbox`, as it is to be written, in one piece; empty if that is not at
  /// hand: the list is another than the one offered before, of one, too long, or partly written.
  /// Valid until the next call.
  [[nodiscard]] std::string_view joined(const Outbox& outbox, const WireForm& form);
  /// Lets go of the frames.
  void clear() noexcept;

 private:
  std::vector<FrameRef> frames_;
  int deflate_bits_ = 0;
  std::string bytes_;
};

}  // namespace outcry::transport
