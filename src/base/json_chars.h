// base/json_chars.h — the characters of JSON text, shared by its scanner and its strings. Internal.
#pragma once

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>

namespace outcry::json::internal {

static_assert(std::endian::native == std::endian::little, "first_special counts from the low byte");

constexpr std::uint64_t repeat(unsigned char byte) noexcept {
  return 0x0101010101010101u * byte;
}

// The high bit of each byte that is zero, and of none below the first zero byte: a borrow can
// only spoil the bits above it, and only the lowest set bit is used.
constexpr std::uint64_t zero_bytes(std::uint64_t word) noexcept {
  return (word - repeat(1)) & ~word;
}

// First position from `at` on whose byte ends a plain run within a string: a quote, a backslash,
// a control character, or (if `stop_at_high`) the start of a multi-byte character.
template <bool stop_at_high>
std::size_t first_special(std::string_view text, std::size_t at) noexcept {
  while (text.size() - at >= 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data() + at, sizeof word);
    std::uint64_t hits = zero_bytes(word ^ repeat('"')) | zero_bytes(word ^ repeat('\\')) |
                         ((word - repeat(0x20)) & ~word);
    if constexpr (stop_at_high) hits |= word;
    hits &= repeat(0x80);
    if (hits != 0) return at + static_cast<std::size_t>(std::countr_zero(hits)) / 8;
    at += 8;
  }
  for (; at < text.size(); ++at) {
    const auto c = static_cast<unsigned char>(text[at]);
    if (c == '"' || c == '\\' || c < 0x20 || (stop_at_high && c >= 0x80)) break;
  }
  return at;
}

// Bytes of the well-formed multi-byte character at `at` (RFC 3629 §4), 0 if there is none.
inline std::size_t utf8_length(std::string_view text, std::size_t at) noexcept {
  const auto byte = [&](std::size_t i) noexcept {
    return at + i < text.size() ? static_cast<unsigned char>(text[at + i]) : 0u;
  };
  const auto continues = [&](std::size_t i) noexcept { return (byte(i) & 0xc0u) == 0x80u; };
  const unsigned lead = byte(0);
  if (lead < 0xc2) return 0;
  if (lead < 0xe0) return continues(1) ? 2 : 0;
  const unsigned second = byte(1);
  if (lead < 0xf0) {
    if (lead == 0xe0 && second < 0xa0) return 0;  // overlong
    if (lead == 0xed && second > 0x9f) return 0;  // surrogate
    return continues(1) && continues(2) ? 3 : 0;
  }
  if (lead == 0xf0 && second < 0x90) return 0;  // overlong
  if (lead > 0xf4 || (lead == 0xf4 && second > 0x8f)) return 0;
  return continues(1) && continues(2) && continues(3) ? 4 : 0;
}

// The code unit of the four hex digits at `at`, nullopt if they aren't there.
inline std::optional<std::uint16_t> hex_unit(std::string_view text, std::size_t at) noexcept {
  if (at > text.size() || text.size() - at < 4) return std::nullopt;
  std::uint16_t unit = 0;
  const char* const end = text.data() + at + 4;
  const auto [stop, error] = std::from_chars(text.data() + at, end, unit, 16);
  if (error != std::errc() || stop != end) return std::nullopt;
  return unit;
}

constexpr bool is_high_surrogate(std::uint16_t unit) noexcept {
  return (unit & 0xfc00u) == 0xd800u;
}
constexpr bool is_low_surrogate(std::uint16_t unit) noexcept {
  return (unit & 0xfc00u) == 0xdc00u;
}

// True if `\uXXXX` with a low surrogate stands at `at`.
inline bool low_surrogate_at(std::string_view text, std::size_t at) noexcept {
  if (text.substr(std::min(at, text.size()), 2) != "\\u") return false;
  const auto unit = hex_unit(text, at + 2);
  return unit && is_low_surrogate(*unit);
}

// Position after the string that starts at `at`; for checked text.
inline std::size_t skip_string(std::string_view text, std::size_t at) noexcept {
  ++at;
  while ((at = first_special<false>(text, at)) < text.size()) {
    if (text[at] == '"') return at + 1;
    at += text[at] == '\\' ? 2 : 1;
    if (at > text.size()) break;
  }
  return text.size();
}

}  // namespace outcry::json::internal
