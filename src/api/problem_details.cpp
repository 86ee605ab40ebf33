#include "api/problem_details.h"

#include <array>
#include <cstddef>
#include <string_view>

#include <fmt/format.h>

#include "base/json_text.h"

namespace outcry::api {
namespace {

struct Description {
  unsigned status;
  std::string_view type;
  std::string_view title;
};

// Indexed by ProblemKind.
constexpr std::array<Description, 16> kDescriptions{{
    {400, "malformed-request", "The request is malformed"},
    {401, "missing-key", "An API key is needed"},
    {403, "wrong-key", "The API key is not valid"},
    {404, "not-found", "There is nothing at this path"},
    {405, "method-not-allowed", "This path does not take the method"},
    {410, "gone", "What is asked for is no longer kept"},
    {411, "length-required", "The body's length is missing"},
    {413, "body-too-large", "The body is too large"},
    {415, "unsupported-media-type", "The body must be JSON"},
    {417, "unknown-expectation", "The expectation can't be met"},
    {422, "invalid-field", "A field is not valid"},
    {422, "refused-configuration", "The configuration can't be used"},
    {431, "headers-too-large", "The headers are too large"},
    {501, "unknown-coding", "The transfer coding is not supported"},
    {503, "unavailable", "The gateway can't do this now"},
    {505, "version-not-supported", "The HTTP version is not supported"},
}};

const Description& description(ProblemKind kind) noexcept {
  return kDescriptions[static_cast<std::size_t>(kind)];
}

}  // namespace

unsigned status_of(ProblemKind kind) noexcept {
  return description(kind).status;
}

Response problem_response(Problem problem) {
  const Description& known = description(problem.kind);
  std::string body =
      fmt::format(R"({{"type":"urn:outcry:problem:{}","title":"{}","status":{},"detail":)",
                  known.type, known.title, known.status);
  json::append_quoted(body, problem.detail);
  if (!problem.pointer.empty()) {
    body += R"(,"pointer":)";
    json::append_quoted(body, problem.pointer);
  }
  if (!problem.results_json.empty()) body += R"(,"results":)" + problem.results_json;
  body += "}\n";
  return {known.status, "application/problem+json", std::move(body), std::move(problem.headers)};
}

}  // namespace outcry::api
