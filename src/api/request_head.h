// api/request_head.h — what is decided from a request's head, before its body is read.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "api/api_keys.h"
#include "api/problem_details.h"
#include "api/router.h"

namespace outcry::api {

/// The head as far as it matters here. Counts are of header lines with that name.
struct RequestHead {
  unsigned version = 11;  // 10 or 11
  std::string_view method;
  std::string_view path;
  std::size_t host_count = 0;
  std::size_t transfer_encoding_count = 0;
  std::string_view transfer_encoding;
  std::size_t content_length_count = 0;
  std::string_view content_type;
  std::string_view expect;
  std::size_t api_key_count = 0;
  std::string_view api_key;
};

/// Why the request is refused; nullopt: `router` has a route for it, and its caller may use it.
[[nodiscard]] std::optional<Problem> check_head(const RequestHead& head, const Router& router,
                                                const ApiKeys& keys);

}  // namespace outcry::api
