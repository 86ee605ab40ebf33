#include "base/json_text.h"

#include <array>
#include <charconv>

#include "base/error_enum.h"
#include "base/json_chars.h"

namespace outcry::json {
namespace {

using internal::first_special;
using internal::hex_unit;
using internal::is_high_surrogate;
using internal::is_low_surrogate;
using internal::low_surrogate_at;
using internal::skip_string;
using internal::utf8_length;

constexpr bool is_space(char c) noexcept {
  return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}
constexpr bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
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
  if (key.contains('\\')) {
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

std::optional<std::int64_t> integer(std::string_view slice) noexcept {
  std::int64_t value = 0;
  const char* const end = slice.data() + slice.size();
  const auto [stop, error] = std::from_chars(slice.data(), end, value);
  if (error != std::errc() || stop != end) return std::nullopt;
  return value;
}

}  // namespace outcry::json
