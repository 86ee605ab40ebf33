// protocol/http/request.h — one HTTP/1 request from bytes, strict (RFC 9112).
//
//   feed(bytes) ──▶ head, line by line ──▶ Request (views into the parser) ──▶ body ──▶ complete
//                    │ limits first           │ fields by Boost.Beast           │ Content-Length
//                    ▼                        ▼                                 ▼ or chunked
//                 HttpError                HttpError                         HttpError
//
// Strict because a proxy stands in front of us: whatever it and we could read differently
// (two lengths, two hosts, bare line feeds, folded lines, a length beside a transfer coding) is a
// way to smuggle a request past it. A head that arrives torn gives the same result as in one
// piece. Nothing is kept beyond its limit, and a body that is announced too big is refused before
// its first byte.
//
// What follows the request (pipelining) is left to the caller. Pure: no sockets, no clock; the
// caller cuts a head or body that stalls.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "protocol/http/chunked.h"
#include "protocol/http/error.h"

namespace outcry::http {

enum class Method : std::uint8_t { get, head, post, put, delete_, patch, options, other };

/// The request head. The views are empty where the header is absent; they point into the parser
/// and live until it is reset or destroyed. A list header that was sent more than once is joined
/// with ", " (RFC 9110 §5.3).
struct Request {
  Method method = Method::other;
  std::string_view target;             // as sent
  std::string_view path;               // before '?', not decoded; "*" for OPTIONS *
  std::string_view query;              // after '?', not decoded
  int minor_version = 1;               // HTTP/1.x
  bool keep_alive = false;             // what the client wants (RFC 9112 §9.3)
  bool chunked = false;                // the body is in chunks
  bool wants_upgrade = false;          // HTTP/1.1 and Connection lists `upgrade`
  bool upgrades_to_websocket = false;  // wants_upgrade, and Upgrade lists `websocket`
  bool expects_continue = false;       // HTTP/1.1 and Expect: 100-continue
  std::optional<std::uint64_t> content_length;

  std::string_view host;  // the target's authority, where it has one (RFC 9112 §3.2.2)
  std::string_view origin;
  std::string_view connection;
  std::string_view upgrade;
  std::string_view websocket_key;
  std::string_view websocket_version;
  std::string_view websocket_extensions;
  std::string_view websocket_protocol;
  std::string_view content_type;
  std::string_view authorization;
  std::string_view api_key;  // X-API-Key
  std::string_view user_agent;
  std::string_view expect;
  std::string_view if_none_match;
  std::string_view accept_encoding;
  std::string_view forwarded_for;    // X-Forwarded-For; believe it from trusted proxies only
  std::string_view forwarded_proto;  // X-Forwarded-Proto; likewise
  std::string_view access_control_request_headers;
  std::string_view access_control_request_method;
};

/// All in bytes but the count.
struct RequestLimits {
  std::size_t head_bytes_max = 16'384;   // request line and headers, with their line ends
  std::size_t target_bytes_max = 8'192;  // part of the head
  std::size_t headers_max = 100;
  std::size_t body_bytes_max = 1'000'000;  // Engine.IO's maxHttpBufferSize
};

/// Parses one request after the other from one connection. Idle (new or reset) it owns no memory.
class RequestParser {
 public:
  explicit RequestParser(const RequestLimits& limits);
  RequestParser(const RequestParser&) = delete;  // the Request's views point into it
  RequestParser& operator=(const RequestParser&) = delete;
  ~RequestParser();

  /// Takes bytes of the request from the front of `in`, keeps what it needs, and returns how many
  /// it consumed: all, unless the request became complete. Once complete it consumes nothing.
  /// Errors: an HttpError; the same again on each later call. After body_too_big for a
  /// Content-Length, request() is valid, so that the answer may depend on it.
  [[nodiscard]] Result<std::size_t> feed(Bytes in);

  /// Whether nothing of a request has arrived yet.
  [[nodiscard]] bool idle() const noexcept;
  /// Whether request() is valid; the body may still be missing.
  [[nodiscard]] bool head_complete() const noexcept;
  [[nodiscard]] bool complete() const noexcept;

  [[nodiscard]] const Request& request() const noexcept { return request_; }
  /// What has arrived of the body, without chunked framing.
  [[nodiscard]] const std::string& body() const noexcept { return body_; }
  [[nodiscard]] std::string take_body() noexcept { return std::move(body_); }
  /// The head's bytes as they arrived, so that another worker can be given the whole request.
  [[nodiscard]] std::string_view head_bytes() const noexcept { return head_; }

  /// Ready for the next request; frees the memory of this one.
  void reset();

 private:
  enum class State : std::uint8_t { head, fixed_body, chunked_body, complete, failed };

  [[nodiscard]] Result<std::size_t> feed_head(std::string_view in);
  [[nodiscard]] Result<std::size_t> feed_body(std::string_view in);
  [[nodiscard]] Result<void> end_line();
  [[nodiscard]] Result<void> end_head();

  RequestLimits limits_;
  Request request_;
  std::string head_;
  std::string joined_;  // values of list headers that were sent more than once
  std::string body_;
  std::error_code error_;
  std::uint64_t body_left_ = 0;  // of a body with Content-Length
  std::size_t line_start_ = 0;   // of the head's unfinished line
  std::size_t lines_ = 0;        // finished
  ChunkedDecoder chunked_;
  State state_ = State::head;
  bool skipped_empty_line_ = false;
};

}  // namespace outcry::http
