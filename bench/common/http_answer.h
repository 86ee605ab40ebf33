// common/http_answer.h — the HTTP/1.1 answers that a measuring client understands.
//
// Like load/frame.h it is written apart from the server's own codec, on purpose.
#pragma once

#include <cstdint>
#include <string_view>

namespace outcry::bench {

struct HttpAnswer {
  int status = 0;
  std::string_view body;  ///< a view into the input
};

enum class HttpStatus : std::uint8_t { complete, incomplete, malformed };

/// Takes one whole answer off the front of `in`, which is unchanged unless the result is
/// `complete`. Malformed: no HTTP/1.1 status line, no Content-Length, a head of more than 16 KiB or
/// a body of more than 16 MiB.
[[nodiscard]] HttpStatus take_http_answer(std::string_view& in, HttpAnswer& out) noexcept;

/// The value of a header in the head of an answer, without blanks around it; empty if there is
/// none. `name` in lower case; the head's case doesn't matter.
[[nodiscard]] std::string_view header_value(std::string_view head, std::string_view name) noexcept;

}  // namespace outcry::bench
