#include "protocol/http/request.h"

#include <algorithm>
#include <utility>

#include "protocol/http/request_head.h"

namespace outcry::http {
namespace {

/// What a request line has beside its target: the longest method, the version, spaces, CR LF.
constexpr std::size_t kRequestLineRest = 32;

}  // namespace

RequestParser::RequestParser(const RequestLimits& limits) : limits_(limits) {}

RequestParser::~RequestParser() = default;

Result<std::size_t> RequestParser::feed(Bytes in) {
  std::size_t used = 0;
  const std::string_view text = as_text(in);
  Result<std::size_t> taken{0};
  if (state_ == State::head) {
    taken = feed_head(text);
    if (taken) used = *taken;
  }
  if (taken && (state_ == State::fixed_body || state_ == State::chunked_body)) {
    taken = feed_body(text.substr(used));
    if (taken) used += *taken;
  }
  if (!taken) {
    error_ = taken.error();
    state_ = State::failed;
  }
  if (state_ == State::failed) return fail(error_);
  return used;
}

Result<std::size_t> RequestParser::feed_head(std::string_view in) {
  std::size_t used = 0;
  while (used < in.size() && state_ == State::head) {
    const std::size_t line_feed = in.find('\n', used);
    const std::size_t end = line_feed == std::string_view::npos ? in.size() : line_feed + 1;
    const std::size_t head_bytes = head_.size() + (end - used);
    if (lines_ == 0 && head_bytes > limits_.target_bytes_max + kRequestLineRest) {
      return fail(HttpError::target_too_long);
    }
    if (head_bytes > limits_.head_bytes_max) return fail(HttpError::head_too_big);
    head_.append(in.substr(used, end - used));
    used = end;
    if (line_feed == std::string_view::npos) break;
    if (const Result<void> ended = end_line(); !ended) return fail(ended.error());
  }
  return used;
}

Result<void> RequestParser::end_line() {
  const std::string_view line = std::string_view(head_).substr(line_start_);
  if (!line.ends_with("\r\n")) return fail(HttpError::bare_line_feed);
  const bool is_empty = line.size() == 2;
  if (lines_ == 0) {
    if (is_empty) {  // one is forgiven, after the body of an old client's POST (RFC 9112 §2.2)
      if (std::exchange(skipped_empty_line_, true)) return fail(HttpError::empty_request_line);
      head_.clear();
      return {};
    }
    const Result<void> checked = check_request_line(line, limits_.target_bytes_max);
    if (!checked) return checked;
  } else if (is_empty) {
    return end_head();
  } else if (line.front() == ' ' || line.front() == '\t') {
    return fail(HttpError::folded_header);
  } else if (lines_ > limits_.headers_max) {
    return fail(HttpError::too_many_headers);
  }
  ++lines_;
  line_start_ = head_.size();
  return {};
}

Result<void> RequestParser::end_head() {
  const Result<Request> parsed = parse_head(head_, joined_);
  if (!parsed) return fail(parsed.error());
  request_ = *parsed;
  if (request_.chunked) {
    state_ = State::chunked_body;
    return {};
  }
  body_left_ = request_.content_length.value_or(0);
  state_ = body_left_ == 0 ? State::complete : State::fixed_body;
  if (body_left_ > limits_.body_bytes_max) return fail(HttpError::body_too_big);
  return {};
}

Result<std::size_t> RequestParser::feed_body(std::string_view in) {
  if (state_ == State::chunked_body) {
    const Result<std::size_t> taken = chunked_.feed(in, body_, limits_.body_bytes_max);
    if (taken && chunked_.complete()) state_ = State::complete;
    return taken;
  }
  // Not reserved by the announced length: memory follows what arrives.
  const std::size_t count = std::min<std::uint64_t>(body_left_, in.size());
  body_.append(in.substr(0, count));
  body_left_ -= count;
  if (body_left_ == 0) state_ = State::complete;
  return count;
}

bool RequestParser::idle() const noexcept {
  return state_ == State::head && head_.empty() && !skipped_empty_line_;
}

bool RequestParser::head_complete() const noexcept {
  return !request_.target.empty();
}

bool RequestParser::complete() const noexcept {
  return state_ == State::complete;
}

void RequestParser::reset() {
  request_ = {};
  head_ = std::string();  // a new one: clear() would keep the memory
  joined_ = std::string();
  body_ = std::string();
  error_ = {};
  body_left_ = 0;
  line_start_ = 0;
  lines_ = 0;
  chunked_ = {};
  state_ = State::head;
  skipped_empty_line_ = false;
}

}  // namespace outcry::http
