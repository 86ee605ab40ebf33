// api/problem_details.h — what went wrong, for programs and people (RFC 9457).
//
//   {"type":"urn:outcry:problem:invalid-field","title":"A field is not valid","status":422,
//    "detail":"room has 300 bytes; at most 256 are allowed","pointer":"#/room"}
//
// `type` is what programs compare; it stays when the words change. `detail` names the field, the
// limit and the remedy; it never repeats a value that the caller sent.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "api/exchange.h"

namespace outcry::api {

enum class ProblemKind : std::uint8_t {
  malformed_request,       // 400
  missing_key,             // 401
  wrong_key,               // 403
  not_found,               // 404
  method_not_allowed,      // 405
  gone,                    // 410
  length_required,         // 411
  body_too_large,          // 413
  unsupported_media_type,  // 415
  unknown_expectation,     // 417
  invalid_field,           // 422
  refused_configuration,   // 422
  headers_too_large,       // 431
  unknown_coding,          // 501
  unavailable,             // 503
  version_not_supported,   // 505
};

struct Problem {
  ProblemKind kind = ProblemKind::malformed_request;
  std::string detail;
  std::string pointer;       // JSON pointer into the body ("#/3/room"), or empty
  std::string results_json;  // of a batch that was taken in part: a JSON array; or empty
  std::vector<std::pair<std::string, std::string>> headers;
};

[[nodiscard]] unsigned status_of(ProblemKind kind) noexcept;
[[nodiscard]] Response problem_response(Problem problem);

}  // namespace outcry::api
