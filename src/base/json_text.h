// base/json_text.h — JSON as text: checked once, cut into slices, never built into a tree.
//
//   {"event":"news","data":[{"price":1.50}]}      validate(): the whole text is RFC 8259
//    key     value   key    value                 ObjectReader: each member's slice
//                           [{"price":1.50}]      a slice is passed on byte for byte
//
// A publisher's payload goes to the browser as it was written: a tree would cost allocations, turn
// 1.50 into 1.5 and round big integers (docs/decisions/0006-json-text-scanner.md). Scanning is the
// gate; what comes after it (readers, unescape) trusts slices of text that has passed, and is
// memory-safe, though not meaningful, on any other.
// Pure; no allocation but in functions that return a std::string. Thread: any.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

#include "base/result.h"

namespace outcry::json {

enum class JsonError : std::uint8_t {
  none,
  unexpected_end,
  unexpected_character,
  invalid_utf8,
  control_character,
  invalid_escape,
  lone_surrogate,
  number_too_long,
  too_deep,
  trailing_text,
  wrong_kind,
};
[[nodiscard]] std::error_code make_error_code(JsonError error);

enum class Kind : std::uint8_t { null, boolean, number, string, array, object };

/// Containers that may lie within each other: `[]` needs 1, a scalar 0.
inline constexpr unsigned kDepthMax = 64;
/// Most characters of one number; a 512-byte integer has 1,234.
inline constexpr std::size_t kNumberCharactersMax = 4096;

// ---- The gate ----

/// Checks the one value that starts exactly at `at` (no white space before it) and returns the
/// position after it. What follows is the caller's business.
/// Errors: each of JsonError except trailing_text and wrong_kind. Refuses all that RFC 8259
/// refuses, and lone surrogate escapes (§8.2), which no UTF-8 text can express.
[[nodiscard]] Result<std::size_t> scan_value(std::string_view text, std::size_t at,
                                             unsigned depth_max = kDepthMax);

/// Checks that `text` is one value, white space around it allowed, and returns the value's slice.
[[nodiscard]] Result<std::string_view> validate(std::string_view text,
                                                unsigned depth_max = kDepthMax);

/// For Python's json module, which writes what RFC 8259 forbids: NaN, Infinity and -Infinity
/// become null, a lone surrogate escape becomes \ufffd. The result has passed validate(), whose
/// errors it returns.
[[nodiscard]] Result<std::string> repair(std::string_view text, unsigned depth_max = kDepthMax);

// ---- Slices of checked text ----

/// Kind of the value that starts with the slice's first character. The slice must not be empty.
[[nodiscard]] Kind kind_of(std::string_view slice) noexcept;

/// First position from `at` on that is not JSON white space, at most text.size().
[[nodiscard]] std::size_t skip_space(std::string_view text, std::size_t at) noexcept;

/// The elements of an array, in order. The text must outlive the reader.
class ArrayReader {
 public:
  /// `array_text` is the slice of an array; for any other kind the reader is at its end.
  explicit ArrayReader(std::string_view array_text) noexcept;

  /// The next element's slice, nullopt after the last.
  [[nodiscard]] std::optional<std::string_view> next() noexcept;

 private:
  std::string_view text_;
  std::size_t at_;
};

/// The members of an object, in order, duplicates included. The text must outlive the reader.
class ObjectReader {
 public:
  struct Member {
    std::string_view key;    // unescaped; valid until the next call of next()
    std::string_view value;  // slice of the text
  };

  /// `object_text` is the slice of an object; for any other kind the reader is at its end.
  explicit ObjectReader(std::string_view object_text) noexcept;

  /// The next member, nullopt after the last.
  [[nodiscard]] std::optional<Member> next();

 private:
  std::string_view text_;
  std::size_t at_;
  std::string key_;  // used only for keys with escapes
};

/// The value of the member `name`, the last one if there are several (as JavaScript and Python).
[[nodiscard]] std::optional<std::string_view> member(std::string_view object_text,
                                                     std::string_view name);
/// The same if its value is a string, unescaped.
[[nodiscard]] std::optional<std::string> string_member(std::string_view object_text,
                                                       std::string_view name);

/// Text of a string slice (with its quotes). Errors: wrong_kind if it is no string slice.
[[nodiscard]] Result<std::string> unescape(std::string_view string_slice);

/// The slice's value if it is an integer without fraction and exponent that fits; else nullopt.
[[nodiscard]] std::optional<std::int64_t> integer(std::string_view slice) noexcept;

// ---- Writing ----

/// Appends `text` as a JSON string with quotes. Escapes what must be; bytes that are not UTF-8
/// become U+FFFD, a surrogate in three bytes (as Python's pickle writes it) just one.
void append_quoted(std::string& out, std::string_view text);

}  // namespace outcry::json

template <>
struct std::is_error_code_enum<outcry::json::JsonError> : std::true_type {};
