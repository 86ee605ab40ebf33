// gateway/socket_id.h — the `sid` of a Socket.IO socket: a name, which publishers may use as a
// room.
//
//   20 characters of URL-safe base64 = 15 bytes:  slot (3) | 12 random bytes
//
// 20 characters are what Redis adapters take for a socket's own room. Not a credential: with it
// alone nobody can act or listen. The slot lets the worker find the socket without a table.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace outcry::gateway {

inline constexpr std::size_t kSocketIdLength = 20;

class SocketId {
 public:
  /// A fresh id for a socket in this slot, below 2^24.
  [[nodiscard]] static SocketId make(std::uint32_t slot);
  /// The id of a socket that has come back, perhaps to another slot. `text`: kSocketIdLength.
  [[nodiscard]] static SocketId of(std::string_view text);
  /// The slot that an id of this text would name.
  [[nodiscard]] static std::optional<std::uint32_t> slot_of(std::string_view text);

  [[nodiscard]] std::string_view text() const noexcept { return {text_.data(), text_.size()}; }

 private:
  std::array<char, kSocketIdLength> text_{};
};

}  // namespace outcry::gateway
