#include "protocol/http/error.h"

#include <array>
#include <string_view>

#include "base/error_enum.h"

namespace outcry::http {
namespace {

constexpr std::array<std::string_view, 27> kNames = {
    "none",
    "line feed without carriage return",
    "carriage return without line feed",
    "empty request line",
    "method is not a token",
    "request target is not valid",
    "request target is too long",
    "request line has no version",
    "version is not valid",
    "version is not supported",
    "request head is too big",
    "too many headers",
    "header name is not valid",
    "header value is not valid",
    "header is folded",
    "Host is missing",
    "Host is repeated",
    "Host is not valid",
    "header is repeated",
    "Content-Length is not valid",
    "Content-Length is repeated",
    "Content-Length with Transfer-Encoding",
    "transfer coding is not supported",
    "Transfer-Encoding in HTTP/1.0",
    "request body is too big",
    "chunk is not valid",
    "chunk line or trailers are too long",
};
static_assert(kNames.size() == static_cast<std::size_t>(HttpError::chunk_line_too_long) + 1);

const TableCategory& category() noexcept {
  static const TableCategory instance("http", kNames);
  return instance;
}

}  // namespace

std::error_code make_error_code(HttpError error) noexcept {
  return {static_cast<int>(error), category()};
}

int status_for(std::error_code error) noexcept {
  if (error.category() != category()) return 400;
  switch (static_cast<HttpError>(error.value())) {
    case HttpError::body_too_big:
      return 413;
    case HttpError::target_too_long:
      return 414;
    case HttpError::head_too_big:
    case HttpError::too_many_headers:
      return 431;
    case HttpError::unsupported_transfer_coding:
      return 501;
    case HttpError::unsupported_version:
      return 505;
    default:
      return 400;
  }
}

}  // namespace outcry::http
