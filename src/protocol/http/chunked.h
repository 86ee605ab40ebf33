// protocol/http/chunked.h — the body of a request with Transfer-Encoding: chunked (RFC 9112 §7.1).
//
//   4;ext=1 CRLF wiki CRLF  0 CRLF trailer: x CRLF CRLF      ->  "wiki"
//
// Extensions and trailers are read past and dropped: nothing here has a use for them, and merged
// trailers have let requests in under another name. Both are bounded.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace outcry::http {

class ChunkedDecoder {
 public:
  /// Longest chunk-size line, and all trailers together, in bytes.
  static constexpr std::uint16_t kLineBytesMax = 1024;
  static constexpr std::uint16_t kTrailerBytesMax = 4096;

  /// Decodes from the front of `in` and appends to `body`; returns the bytes consumed. What
  /// follows the body is left. A chunk that would take `body` beyond `body_bytes_max` is refused
  /// at its size line. After an error the decoder must not be used.
  /// Errors: body_too_big, bad_chunk, chunk_line_too_long.
  [[nodiscard]] Result<std::size_t> feed(std::string_view in, std::string& body,
                                         std::size_t body_bytes_max);
  [[nodiscard]] bool complete() const noexcept { return state_ == State::complete; }

 private:
  enum class State : std::uint8_t {
    size_first,  // at the first digit of a size
    size,        // within it
    extension,
    size_line_feed,
    data,
    data_return,
    data_line_feed,
    trailer_first,  // at the first byte of a trailer line
    trailer,
    trailer_line_feed,
    end_line_feed,
    complete,
  };

  [[nodiscard]] Result<void> step(char c);
  [[nodiscard]] Result<void> step_size(char c);
  [[nodiscard]] Result<void> step_trailer(char c);

  std::uint64_t left_ = 0;  // of the chunk's data
  std::uint16_t line_bytes_ = 0;
  State state_ = State::size_first;
};

}  // namespace outcry::http
