#include "base/json_text.h"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cstring>

#include "base/error_enum.h"

namespace outcry::json {
namespace {

static_assert(std::endian::native == std::endian::little, "first_special counts from the low byte");

constexpr bool is_space(char c) noexcept {
  return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}
constexpr bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}

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
std::size_t utf8_length(std::string_view text, std::size_t at) noexcept {
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
std::optional<std::uint16_t> hex_unit(std::string_view text, std::size_t at) noexcept {
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
bool low_surrogate_at(std::string_view text, std::size_t at) noexcept {
  if (text.substr(std::min(at, text.size()), 2) != "\\u") return false;
  const auto unit = hex_unit(text, at + 2);
  return unit && is_low_surrogate(*unit);
}

// The grammar of RFC 8259 as a recursive descent over one text. Each function starts at `at` and
// leaves it after what it accepted.
struct Scanner {
  std::string_view text;
  std::size_t at;

  [[nodiscard]] char peek() const noexcept { return at < text.size() ? text[at] : '\0'; }
  [[nodiscard]] JsonError unexpected() const noexcept {
    return at < text.size() ? JsonError::unexpected_character : JsonError::unexpected_end;
  }

  JsonError value(unsigned depth_left) noexcept {
    switch (peek()) {
      case '{':
        return container<'}'>(depth_left);
      case '[':
        return container<']'>(depth_left);
      case '"':
        return string();
      case 't':
        return word("true");
      case 'f':
        return word("false");
      case 'n':
        return word("null");
      default:
        return number();
    }
  }

  template <char close>
  JsonError container(unsigned depth_left) noexcept {
    if (depth_left == 0) return JsonError::too_deep;
    at = skip_space(text, at + 1);
    if (peek() == close) return ++at, JsonError::none;
    while (true) {
      if constexpr (close == '}') {
        if (peek() != '"') return unexpected();
        if (const JsonError error = string(); error != JsonError::none) return error;
        at = skip_space(text, at);
        if (peek() != ':') return unexpected();
        at = skip_space(text, at + 1);
      }
      if (const JsonError error = value(depth_left - 1); error != JsonError::none) return error;
      at = skip_space(text, at);
      if (peek() == close) return ++at, JsonError::none;
      if (peek() != ',') return unexpected();
      at = skip_space(text, at + 1);
    }
  }

  JsonError string() noexcept {
    ++at;
    while (true) {
      at = first_special<true>(text, at);
      if (at >= text.size()) return JsonError::unexpected_end;
      const auto c = static_cast<unsigned char>(text[at]);
      if (c == '"') return ++at, JsonError::none;
      if (c < 0x20) return JsonError::control_character;
      if (c == '\\') {
        if (const JsonError error = escape(); error != JsonError::none) return error;
        continue;
      }
      const std::size_t length = utf8_length(text, at);
      if (length == 0) return JsonError::invalid_utf8;
      at += length;
    }
  }

  JsonError escape() noexcept {
    if (text.size() - at < 2) return JsonError::unexpected_end;
    const char c = text[at + 1];
    if (c != 'u') {
      if (std::string_view("\"\\/bfnrt").find(c) == std::string_view::npos) {
        return JsonError::invalid_escape;
      }
      at += 2;
      return JsonError::none;
    }
    const auto unit = hex_unit(text, at + 2);
    if (!unit) return JsonError::invalid_escape;
    if (is_low_surrogate(*unit)) return JsonError::lone_surrogate;
    if (is_high_surrogate(*unit)) {
      if (!low_surrogate_at(text, at + 6)) return JsonError::lone_surrogate;
      at += 6;
    }
    at += 6;
    return JsonError::none;
  }

  JsonError number() noexcept {
    const std::size_t start = at;
    if (peek() == '-') ++at;
    if (peek() == '0') {
      ++at;
    } else if (!digits()) {
      return unexpected();
    }
    if (peek() == '.') {
      ++at;
      if (!digits()) return unexpected();
    }
    if (peek() == 'e' || peek() == 'E') {
      ++at;
      if (peek() == '+' || peek() == '-') ++at;
      if (!digits()) return unexpected();
    }
    return at - start > kNumberCharactersMax ? JsonError::number_too_long : JsonError::none;
  }

  bool digits() noexcept {
    const std::size_t start = at;
    while (is_digit(peek())) ++at;
    return at > start;
  }

  JsonError word(std::string_view expected) noexcept {
    if (text.substr(at, expected.size()) != expected) return JsonError::unexpected_character;
    at += expected.size();
    return JsonError::none;
  }
};

// Position after the string that starts at `at`; for checked text.
std::size_t skip_string(std::string_view text, std::size_t at) noexcept {
  ++at;
  while ((at = first_special<false>(text, at)) < text.size()) {
    if (text[at] == '"') return at + 1;
    at += text[at] == '\\' ? 2 : 1;
    if (at > text.size()) break;
  }
  return text.size();
}

// Position after the value that starts at `at`; for checked text, so brackets need only counting.
std::size_t skip_value(std::string_view text, std::size_t at) noexcept {
  std::size_t depth = 0;
  while (at < text.size()) {
    switch (text[at]) {
      case '"':
        at = skip_string(text, at);
        break;
      case '{':
      case '[':
        ++depth;
        ++at;
        continue;
      case '}':
      case ']':
        if (depth > 0) --depth;
        ++at;
        break;
      case ',':
      case ':':
      case ' ':
      case '\n':
      case '\r':
      case '\t':
        ++at;
        continue;
      default:
        while (at < text.size() &&
               std::string_view(",:]} \n\r\t").find(text[at]) == std::string_view::npos) {
          ++at;
        }
    }
    if (depth == 0) return at;
  }
  return at;
}

// Position of the first element or member within the container, or text.size().
std::size_t first_item(std::string_view text, char open, char close) noexcept {
  if (text.empty() || text[0] != open) return text.size();
  const std::size_t at = skip_space(text, 1);
  return at < text.size() && text[at] != close ? at : text.size();
}

// Position of the item after the one that ended at `at`, or text.size().
std::size_t following_item(std::string_view text, std::size_t at) noexcept {
  at = skip_space(text, at);
  return at < text.size() && text[at] == ',' ? skip_space(text, at + 1) : text.size();
}

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

bool has_escape(std::string_view slice) noexcept {
  return slice.find('\\') != std::string_view::npos;
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

std::error_code make_error_code(JsonError error) {
  static constexpr std::array<std::string_view, 11> kNames{
      "no error",         "unexpected end of JSON", "unexpected character in JSON",
      "invalid UTF-8",    "raw control character",  "invalid escape",
      "lone surrogate",   "number too long",        "nested too deeply",
      "text after value", "wrong kind of value"};
  static const TableCategory category("json", kNames);
  return {static_cast<int>(error), category};
}

Result<std::size_t> scan_value(std::string_view text, std::size_t at, unsigned depth_max) {
  Scanner scanner{text, at};
  const JsonError error = scanner.value(depth_max);
  if (error != JsonError::none) return fail(error);
  return scanner.at;
}

Result<std::string_view> validate(std::string_view text, unsigned depth_max) {
  const std::size_t start = skip_space(text, 0);
  const auto end = scan_value(text, start, depth_max);
  if (!end) return fail(end.error());
  if (skip_space(text, *end) != text.size()) return fail(JsonError::trailing_text);
  return text.substr(start, *end - start);
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

bool is_utf8(std::string_view bytes) noexcept {
  std::size_t at = 0;
  while (at < bytes.size()) {
    std::uint64_t word = 0;
    if (bytes.size() - at >= sizeof word) {
      std::memcpy(&word, bytes.data() + at, sizeof word);
      if ((word & repeat(0x80)) == 0) {
        at += sizeof word;
        continue;
      }
    }
    const std::size_t length =
        static_cast<unsigned char>(bytes[at]) < 0x80 ? 1 : utf8_length(bytes, at);
    if (length == 0) return false;
    at += length;
  }
  return true;
}

Kind kind_of(std::string_view slice) noexcept {
  switch (slice.empty() ? '\0' : slice[0]) {
    case '{':
      return Kind::object;
    case '[':
      return Kind::array;
    case '"':
      return Kind::string;
    case 't':
    case 'f':
      return Kind::boolean;
    case 'n':
      return Kind::null;
    default:
      return Kind::number;
  }
}

std::size_t skip_space(std::string_view text, std::size_t at) noexcept {
  while (at < text.size() && is_space(text[at])) ++at;
  return at;
}

ArrayReader::ArrayReader(std::string_view array_text) noexcept
    : text_(array_text), at_(first_item(array_text, '[', ']')) {}

std::optional<std::string_view> ArrayReader::next() noexcept {
  if (at_ >= text_.size()) return std::nullopt;
  const std::size_t start = at_;
  const std::size_t end = skip_value(text_, start);
  at_ = following_item(text_, end);
  return text_.substr(start, end - start);
}

ObjectReader::ObjectReader(std::string_view object_text) noexcept
    : text_(object_text), at_(first_item(object_text, '{', '}')) {}

std::optional<ObjectReader::Member> ObjectReader::next() {
  if (at_ >= text_.size() || text_[at_] != '"') return std::nullopt;
  const std::size_t key_end = skip_string(text_, at_);
  const std::string_view key = text_.substr(at_, key_end - at_);
  const std::size_t value_start = skip_space(text_, skip_space(text_, key_end) + 1);
  if (value_start >= text_.size()) return std::nullopt;
  const std::size_t value_end = skip_value(text_, value_start);
  at_ = following_item(text_, value_end);

  Member member;
  member.value = text_.substr(value_start, value_end - value_start);
  member.key = key.size() < 2 ? std::string_view() : key.substr(1, key.size() - 2);
  if (has_escape(key)) {
    key_ = unescape(key).value_or(std::string());
    member.key = key_;
  }
  return member;
}

std::optional<std::string_view> member(std::string_view object_text, std::string_view name) {
  std::optional<std::string_view> found;
  ObjectReader reader(object_text);
  while (const auto entry = reader.next()) {
    if (entry->key == name) found = entry->value;
  }
  return found;
}

std::optional<std::string> string_member(std::string_view object_text, std::string_view name) {
  const auto value = member(object_text, name);
  if (!value) return std::nullopt;
  auto text = unescape(*value);
  if (!text) return std::nullopt;
  return std::move(*text);
}

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

std::optional<std::int64_t> integer(std::string_view slice) noexcept {
  std::int64_t value = 0;
  const char* const end = slice.data() + slice.size();
  const auto [stop, error] = std::from_chars(slice.data(), end, value);
  if (error != std::errc() || stop != end) return std::nullopt;
  return value;
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
