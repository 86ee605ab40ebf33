#include "api/request_head.h"

#include <algorithm>
#include <string>
#include <utility>

namespace outcry::api {
namespace {

char lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool same_ignoring_case(std::string_view a, std::string_view b) noexcept {
  return std::ranges::equal(a, b, {}, lower, lower);
}

std::string_view trimmed(std::string_view text) noexcept {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

bool is_json(std::string_view content_type) noexcept {
  const std::size_t semicolon = content_type.find(';');
  if (!same_ignoring_case(trimmed(content_type.substr(0, semicolon)), "application/json")) {
    return false;
  }
  if (semicolon == std::string_view::npos) return true;
  const std::string_view parameter = trimmed(content_type.substr(semicolon + 1));
  return same_ignoring_case(parameter, "charset=utf-8") ||
         same_ignoring_case(parameter, "charset=\"utf-8\"");
}

std::optional<Problem> check_framing(const RequestHead& head) {
  if (head.version != 10 && head.version != 11) {
    return Problem{.kind = ProblemKind::version_not_supported, .detail = "use HTTP/1.1"};
  }
  if (head.host_count > 1 || (head.host_count == 0 && head.version == 11)) {
    return Problem{.kind = ProblemKind::malformed_request,
                   .detail = "send the header Host exactly once"};
  }
  const bool has_coding = head.transfer_encoding_count > 0;
  if (has_coding && head.content_length_count > 0) {
    return Problem{.kind = ProblemKind::malformed_request,
                   .detail = "send Content-Length or Transfer-Encoding, not both"};
  }
  if (has_coding && (head.transfer_encoding_count > 1 ||
                     !same_ignoring_case(trimmed(head.transfer_encoding), "chunked"))) {
    return Problem{.kind = ProblemKind::unknown_coding,
                   .detail = "the only Transfer-Encoding is chunked"};
  }
  if (!head.expect.empty() && !same_ignoring_case(head.expect, "100-continue")) {
    return Problem{.kind = ProblemKind::unknown_expectation,
                   .detail = "the only Expect is 100-continue"};
  }
  return std::nullopt;
}

std::optional<Problem> check_key(const RequestHead& head, const ApiKeys& keys) {
  if (head.api_key_count != 1) {
    Problem problem{.kind = ProblemKind::missing_key,
                    .detail = "send the header X-API-Key exactly once"};
    problem.headers.emplace_back("WWW-Authenticate", "ApiKey realm=\"outcry\"");
    return problem;
  }
  if (keys.matches(head.api_key)) return std::nullopt;
  return Problem{.kind = ProblemKind::wrong_key,
                 .detail = "the key in X-API-Key is none of those in operations.api_keys"};
}

std::optional<Problem> check_body_headers(const RequestHead& head) {
  if (head.content_length_count == 0 && head.transfer_encoding_count == 0) {
    return Problem{.kind = ProblemKind::length_required,
                   .detail = "send Content-Length, or Transfer-Encoding: chunked"};
  }
  if (is_json(head.content_type)) return std::nullopt;
  return Problem{.kind = ProblemKind::unsupported_media_type,
                 .detail = "send Content-Type: application/json"};
}

}  // namespace

std::optional<Problem> check_head(const RequestHead& head, const Router& router,
                                  const ApiKeys& keys) {
  if (auto problem = check_framing(head)) return problem;
  const Route* const route = router.find(head.method, head.path);
  if (route == nullptr) {
    std::string allowed = router.allowed_methods(head.path);
    if (allowed.empty()) {
      return Problem{.kind = ProblemKind::not_found,
                     .detail = "the paths are listed in the HTTP API reference"};
    }
    Problem problem{.kind = ProblemKind::method_not_allowed,
                    .detail = "this path takes " + allowed};
    problem.headers.emplace_back("Allow", std::move(allowed));
    return problem;
  }
  if (route->needs_key) {
    if (auto problem = check_key(head, keys)) return problem;
  }
  return route->method == "POST" && route->takes_body ? check_body_headers(head) : std::nullopt;
}

}  // namespace outcry::api
