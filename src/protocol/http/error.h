// protocol/http/error.h — why a request was refused, one value for each cause.
#pragma once

#include <cstdint>
#include <system_error>

namespace outcry::http {

enum class HttpError : std::uint8_t {
  none,
  bare_line_feed,                // LF without CR before it (RFC 9112 §2.2)
  bad_line_ending,               // CR without LF after it
  empty_request_line,            // more than one empty line before the request
  bad_method,                    // not a token
  bad_target,                    // not origin-form, absolute-form or `*`, or a byte that no URI has
  target_too_long,               // 414
  missing_version,               // HTTP/0.9: a request line of two words
  bad_version,                   // the third word isn't HTTP/digit.digit
  unsupported_version,           // 505: neither 1.0 nor 1.1, the HTTP/2 preface among them
  head_too_big,                  // 431
  too_many_headers,              // 431
  bad_header_name,               // empty, not a token, white space before the colon
  bad_header_value,              // a control character
  folded_header,                 // obs-fold (RFC 9112 §5.2)
  missing_host,                  // HTTP/1.1 without Host
  repeated_host,                 //
  bad_host,                      // a byte that no authority has
  repeated_header,               // two of a header that may occur once
  bad_content_length,            // not a number, or a list
  repeated_content_length,       // twice, equal or not
  content_length_with_transfer,  // Content-Length and Transfer-Encoding: smuggling
  unsupported_transfer_coding,   // 501: anything but one `chunked`
  transfer_encoding_in_http_1_0,  // its framing can't be trusted (RFC 9112 §6.1)
  body_too_big,                   // 413
  bad_chunk,                      // chunked framing broken
  chunk_line_too_long,            // size, extensions or trailers beyond their limit
};

[[nodiscard]] std::error_code make_error_code(HttpError error) noexcept;

/// The status that answers the cause: 400, 413, 414, 431, 501 or 505. The connection is to be
/// closed after each of them: where the next request begins is no longer known.
/// Codes of another category give 400.
[[nodiscard]] int status_for(std::error_code error) noexcept;

}  // namespace outcry::http

template <>
struct std::is_error_code_enum<outcry::http::HttpError> : std::true_type {};
