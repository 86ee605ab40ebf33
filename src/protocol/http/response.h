// protocol/http/response.h — response heads into a string, ready to be written.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace outcry::http {

struct HeaderField {
  std::string_view name;
  std::string_view value;
};

/// Views are read during the call only.
struct ResponseHead {
  int status = 200;
  std::string_view content_type{};              // empty: none
  std::optional<std::size_t> content_length{};  // bytes; left out for 1xx, 204 and 304
  bool keep_alive = true;                       // false: Connection: close
  std::string_view date{};                      // of format_date, cached by the caller; empty: none
  std::span<const HeaderField> fields{};        // after the others, in this order
};

/// The reason phrase, "Unknown" for a status that isn't in RFC 9110 (or 101, 426, 429, 431).
[[nodiscard]] std::string_view reason_phrase(int status) noexcept;

/// Appends the head with its closing empty line. Control characters in values become spaces, so
/// that no value can end its line.
void append_response_head(std::string& out, const ResponseHead& head);

/// Appends a whole response: the head with the body's length, then the body.
void append_response(std::string& out, ResponseHead head, std::string_view body);

/// `100 Continue`, for a request that expects it before its body.
inline constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

/// "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110 §5.6.7). Servers with a clock send it with every
/// final response; one string a second serves all.
[[nodiscard]] std::string format_date(std::chrono::sys_seconds time);

}  // namespace outcry::http
