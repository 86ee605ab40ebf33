// The strings of JSON: what escapes mean, and how to write and mend them.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/json_chars.h"
#include "base/json_text.h"

namespace outcry::json {
namespace {

using internal::first_special;
using internal::hex_unit;
using internal::is_high_surrogate;
using internal::is_low_surrogate;
using internal::low_surrogate_at;
using internal::skip_string;
using internal::utf8_length;

void append_utf8(std::string& out, std::uint32_t code) {
  const auto put = [&](std::uint32_t byte) { out.push_back(static_cast<char>(byte)); };
  if (code < 0x80) return put(code);
  if (code < 0x800) {
    put(0xc0u | (code >> 6));
  } else {
    if (code < 0x10000) {
      put(0xe0u | (code >> 12));
    } else {
      put(0xf0u | (code >> 18));
      put(0x80u | ((code >> 12) & 0x3fu));
    }
    put(0x80u | ((code >> 6) & 0x3fu));
  }
  put(0x80u | (code & 0x3fu));
}

constexpr std::string_view kReplacement = "\xef\xbf\xbd";  // U+FFFD

// Appends what the escape at `at` means and returns the position after it; for checked text.
std::size_t append_escape(std::string& out, std::string_view text, std::size_t at) {
  constexpr std::string_view kLetters = "bfnrt";
  constexpr std::string_view kMeanings = "\b\f\n\r\t";
  const char c = text[at + 1];
  if (c != 'u') {
    const std::size_t index = kLetters.find(c);
    out.push_back(index == std::string_view::npos ? c : kMeanings[index]);
    return at + 2;
  }
  const auto unit = hex_unit(text, at + 2);
  if (!unit) return out += kReplacement, at + 2;
  if (is_high_surrogate(*unit) && low_surrogate_at(text, at + 6)) {
    const std::uint32_t low = *hex_unit(text, at + 8);
    append_utf8(out, 0x10000u + ((*unit & 0x3ffu) << 10) + (low & 0x3ffu));
    return at + 12;
  }
  if (is_high_surrogate(*unit) || is_low_surrogate(*unit)) {
    out += kReplacement;
  } else {
    append_utf8(out, *unit);
  }
  return at + 6;
}

// Appends the string that starts at `at`, its lone surrogate escapes replaced; returns its end.
std::size_t repair_string(std::string& out, std::string_view text, std::size_t at) {
  const std::size_t end = skip_string(text, at);
  while (at < end) {
    const std::size_t backslash = text.find('\\', at);
    if (backslash >= end) break;
    out += text.substr(at, backslash - at);
    const bool is_unit = backslash + 1 < end && text[backslash + 1] == 'u';
    const auto unit = is_unit ? hex_unit(text, backslash + 2) : std::nullopt;
    std::size_t length = unit ? 6 : 2;
    const bool high = unit && is_high_surrogate(*unit);
    if (high && low_surrogate_at(text, backslash + 6)) length = 12;
    const bool lone = (high && length == 6) || (unit && is_low_surrogate(*unit));
    out += lone ? std::string_view("\\ufffd") : text.substr(backslash, length);
    at = std::min(backslash + length, text.size());
  }
  if (at < end) out += text.substr(at, end - at);
  return std::max(at, end);
}

}  // namespace

Result<std::string> unescape(std::string_view string_slice) {
  if (string_slice.size() < 2 || string_slice.front() != '"' || string_slice.back() != '"') {
    return fail(JsonError::wrong_kind);
  }
  const std::string_view text = string_slice.substr(1, string_slice.size() - 2);
  std::string out;
  out.reserve(text.size());
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t backslash = std::min(text.find('\\', at), text.size());
    out += text.substr(at, backslash - at);
    at = backslash;
    if (text.size() - at == 1) return fail(JsonError::wrong_kind);  // its quote was escaped
    if (at < text.size()) at = append_escape(out, text, at);
  }
  return out;
}

Result<std::string> repair(std::string_view text, unsigned depth_max) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    if (text[at] == '"') {
      at = repair_string(out, text, at);
      continue;
    }
    std::size_t bare = 0;
    for (const std::string_view word : {"NaN", "Infinity", "-Infinity"}) {
      if (text.substr(at, word.size()) == word) bare = word.size();
    }
    if (bare > 0) {
      out += "null";
      at += bare;
    } else {
      out.push_back(text[at++]);
    }
  }
  if (const auto checked = validate(out, depth_max); !checked) return fail(checked.error());
  return out;
}

void append_quoted(std::string& out, std::string_view text) {
  constexpr std::string_view kHex = "0123456789abcdef";
  constexpr std::string_view kMeanings = "\b\f\n\r\t\"\\";
  constexpr std::string_view kLetters = "bfnrt\"\\";
  out.push_back('"');
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t stop = first_special<true>(text, at);
    out += text.substr(at, stop - at);
    at = stop;
    if (at == text.size()) break;
    const char c = text[at];
    if (static_cast<unsigned char>(c) >= 0x80) {
      const std::size_t length = utf8_length(text, at);
      const bool surrogate = length == 0 && text.size() - at >= 3 && c == '\xed' &&
                             (text[at + 1] & '\xe0') == '\xa0' && (text[at + 2] & '\xc0') == '\x80';
      out += length > 0 ? text.substr(at, length) : kReplacement;
      at += length > 0 ? length : (surrogate ? 3 : 1);
      continue;
    }
    if (const std::size_t index = kMeanings.find(c); index != std::string_view::npos) {
      out.push_back('\\');
      out.push_back(kLetters[index]);
    } else {
      out += "\\u00";
      out.push_back(kHex[static_cast<unsigned char>(c) >> 4]);
      out.push_back(kHex[static_cast<unsigned char>(c) & 0xf]);
    }
    ++at;
  }
  out.push_back('"');
}

}  // namespace outcry::json
