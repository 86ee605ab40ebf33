#include "base/utf8.h"

#include <cstddef>

#include <simdjson.h>

namespace outcry {
namespace {

/// Under this the vector code's set-up costs more than it saves.
constexpr std::size_t kVectorBytesMin = 32;

std::uint8_t byte_at(std::string_view text, std::size_t i) {
  return static_cast<std::uint8_t>(text[i]);
}

/// How many bytes at the end of `text` begin a character that they don't complete: 0 to 3.
std::size_t unfinished_tail(std::string_view text) {
  for (std::size_t back = 1; back <= 3 && back <= text.size(); ++back) {
    const std::uint8_t byte = byte_at(text, text.size() - back);
    if (byte < 0x80) return 0;
    if (byte < 0xC0) continue;  // a continuation: its lead is further left
    const std::size_t length = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : 2;
    return length > back ? back : 0;
  }
  return 0;
}

}  // namespace

bool utf8_valid(std::string_view text) noexcept {
  return simdjson::validate_utf8(text.data(), text.size());
}

bool Utf8Stream::feed(std::string_view piece) noexcept {
  std::size_t i = 0;
  while (i < piece.size() && wanted_ > 0) {
    if (!step(byte_at(piece, i++))) return false;
  }
  if (piece.size() - i >= kVectorBytesMin) {
    const std::string_view rest = piece.substr(i);
    const std::string_view whole = rest.substr(0, rest.size() - unfinished_tail(rest));
    if (!utf8_valid(whole)) return false;
    i += whole.size();
  }
  for (; i < piece.size(); ++i) {
    if (!step(byte_at(piece, i))) return false;
  }
  return true;
}

bool Utf8Stream::step(std::uint8_t byte) noexcept {
  if (wanted_ > 0) {
    if (byte < lowest_ || byte > highest_) return false;
    --wanted_;
    lowest_ = 0x80;
    highest_ = 0xBF;
    return true;
  }
  if (byte < 0x80) return true;
  if (byte < 0xC2 || byte > 0xF4) return false;  // C0, C1: overlong; F5 and up: beyond U+10FFFF
  wanted_ = byte >= 0xF0 ? 3 : byte >= 0xE0 ? 2 : 1;
  if (byte == 0xE0) lowest_ = 0xA0;   // below: overlong
  if (byte == 0xED) highest_ = 0x9F;  // above: surrogates
  if (byte == 0xF0) lowest_ = 0x90;   // below: overlong
  if (byte == 0xF4) highest_ = 0x8F;  // above: beyond U+10FFFF
  return true;
}

}  // namespace outcry
