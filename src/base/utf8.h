// base/utf8.h — is it UTF-8 (RFC 3629), at once or as it arrives?
//
// A message that arrives in pieces is refused at its first wrong byte, not at its end: what
// follows that byte is never stored. Wrong are overlong forms, surrogates and what lies above
// U+10FFFF, each at the first byte that makes it so.
#pragma once

#include <cstdint>
#include <string_view>

namespace outcry {

/// Whether the whole of `text` is valid.
[[nodiscard]] bool utf8_valid(std::string_view text) noexcept;

/// The validator for text in pieces. Three bytes of state; a default one is at the start.
class Utf8Stream {
 public:
  /// Takes the next piece; false once the text can't become valid any more. After false the
  /// stream must not be fed again.
  [[nodiscard]] bool feed(std::string_view piece) noexcept;
  /// Whether the text may end here: no character is left half.
  [[nodiscard]] bool complete() const noexcept { return wanted_ == 0; }

 private:
  [[nodiscard]] bool step(std::uint8_t byte) noexcept;

  std::uint8_t wanted_ = 0;      // continuation bytes still missing from the character
  std::uint8_t lowest_ = 0x80;   // bounds of the next one: E0, ED, F0 and F4 narrow
  std::uint8_t highest_ = 0xBF;  // what may follow them (RFC 3629 §4)
};

}  // namespace outcry
