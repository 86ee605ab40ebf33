// load/frame.h — the WebSocket subset that a measuring client needs (RFC 6455 §5).
//
// It is written apart from the server's codec on purpose: a fault shared by both sides would
// cancel out and stay unseen. Servers under test send whole, unmasked frames; anything else is an
// error here.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace outcry::bench {

inline constexpr std::uint8_t kOpText = 0x1;
inline constexpr std::uint8_t kOpBinary = 0x2;
inline constexpr std::uint8_t kOpClose = 0x8;
inline constexpr std::uint8_t kOpPing = 0x9;
inline constexpr std::uint8_t kOpPong = 0xA;

struct Frame {
  std::uint8_t opcode = 0;
  std::string_view payload;  ///< a view into the input
  bool compressed = false;   ///< RSV1: deflated (RFC 7692 §6)
};

enum class FrameStatus : std::uint8_t { complete, incomplete, malformed };

/// Takes one whole frame off the front of `in`. `in` is unchanged unless the result is `complete`.
/// Malformed: masked, fragmented, RSV2 or RSV3 set, RSV1 on a control frame, or longer than 1 MiB.
[[nodiscard]] FrameStatus take_frame(std::string_view& in, Frame& out) noexcept;

/// Appends one masked frame. `payload` must be shorter than 64 KiB.
void append_client_frame(std::string& out, std::uint8_t opcode, std::string_view payload,
                         std::uint32_t mask_key);

}  // namespace outcry::bench
