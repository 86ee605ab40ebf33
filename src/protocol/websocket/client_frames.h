// protocol/websocket/client_frames.h — a client's masked frames, for tests and fuzz targets.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "protocol/websocket/frame.h"

namespace outcry::websocket::test {

inline constexpr bool kFinal = true;
inline constexpr bool kMore = false;

/// A server's frame turned into a client's: the mask bit, a key, and the payload masked by it.
[[nodiscard]] inline std::string client_frame(Opcode opcode, std::string_view payload,
                                              bool final = kFinal, bool compressed = false) {
  constexpr MaskingKey kMask = {std::byte{0x11}, std::byte{0xA2}, std::byte{0x33}, std::byte{0xC4}};
  std::array<std::byte, kServerHeaderBytesMax> header;
  const std::size_t size = encode_frame_header(header, opcode, payload.size(), compressed);
  if (!final) header[0] &= std::byte{0x7F};
  header[1] |= std::byte{0x80};
  std::string masked(payload);
  apply_mask(std::as_writable_bytes(std::span(masked)), kMask, 0);
  std::string frame(as_text(Bytes(header).first(size)));
  return frame.append(as_text(kMask)).append(masked);
}

}  // namespace outcry::websocket::test
