#include "protocol/http/chunked.h"

#include <algorithm>

#include "protocol/http/error.h"

namespace outcry::http {
namespace {

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool is_control(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte < 0x20 && byte != '\t') || byte == 0x7F;
}

}  // namespace

Result<std::size_t> ChunkedDecoder::feed(std::string_view in, std::string& body,
                                         std::size_t body_bytes_max) {
  std::size_t used = 0;
  while (used < in.size() && state_ != State::complete) {
    if (state_ != State::data) {
      if (const Result<void> taken = step(in[used++]); !taken) return fail(taken.error());
      // Refused here, before a byte of it is stored.
      if (left_ > body_bytes_max - body.size()) return fail(HttpError::body_too_big);
      continue;
    }
    const std::size_t count = std::min<std::uint64_t>(left_, in.size() - used);
    body.append(in.substr(used, count));
    used += count;
    left_ -= count;
    if (left_ == 0) state_ = State::data_return;
  }
  return used;
}

Result<void> ChunkedDecoder::step(char c) {
  switch (state_) {
    case State::size_first:
    case State::size:
    case State::extension:
    case State::size_line_feed:
      return step_size(c);
    case State::data_return:
      if (c != '\r') return fail(HttpError::bad_chunk);
      state_ = State::data_line_feed;
      return {};
    case State::data_line_feed:
      if (c != '\n') return fail(HttpError::bad_chunk);
      state_ = State::size_first;
      return {};
    default:
      return step_trailer(c);
  }
}

Result<void> ChunkedDecoder::step_size(char c) {
  if (++line_bytes_ > kLineBytesMax) return fail(HttpError::chunk_line_too_long);
  const int digit = hex_value(c);
  if (state_ == State::size_line_feed) {
    if (c != '\n') return fail(HttpError::bad_chunk);
    line_bytes_ = 0;
    state_ = left_ == 0 ? State::trailer_first : State::data;
  } else if (state_ != State::extension && digit >= 0) {
    if (left_ >> 60 != 0) return fail(HttpError::bad_chunk);
    left_ = left_ << 4 | static_cast<std::uint64_t>(digit);
    state_ = State::size;
  } else if (state_ == State::size_first) {
    return fail(HttpError::bad_chunk);
  } else if (c == '\r') {
    state_ = State::size_line_feed;
  } else if (is_control(c)) {
    return fail(HttpError::bad_chunk);
  } else if (state_ == State::extension || c == ';' || c == ' ' || c == '\t') {
    state_ = State::extension;
  } else {
    return fail(HttpError::bad_chunk);
  }
  return {};
}

Result<void> ChunkedDecoder::step_trailer(char c) {
  if (++line_bytes_ > kTrailerBytesMax) return fail(HttpError::chunk_line_too_long);
  switch (state_) {
    case State::trailer_first:
      if (c == '\r') {
        state_ = State::end_line_feed;
        return {};
      }
      state_ = State::trailer;
      [[fallthrough]];
    case State::trailer:
      if (c == '\r') {
        state_ = State::trailer_line_feed;
      } else if (is_control(c)) {
        return fail(HttpError::bad_chunk);
      }
      return {};
    case State::trailer_line_feed:
      if (c != '\n') return fail(HttpError::bad_chunk);
      state_ = State::trailer_first;
      return {};
    default:  // end_line_feed
      if (c != '\n') return fail(HttpError::bad_chunk);
      state_ = State::complete;
      return {};
  }
}

}  // namespace outcry::http
