#include "api/member_routes.h"

#include <string>
#include <utility>

#include <fmt/format.h>

#include "base/json_text.h"

namespace outcry::api {
namespace {

constexpr std::size_t kTextBytesMax = 256;
constexpr unsigned kDepthMax = 2;

Problem fault(std::string_view key, std::string detail) {
  return {.kind = ProblemKind::invalid_field,
          .detail = std::move(detail),
          .pointer = key.empty() ? "#" : fmt::format("#/{}", key)};
}

std::expected<std::string, Problem> text_of(std::string_view key, std::string_view value) {
  auto text = json::unescape(value);
  if (!text) return std::unexpected(fault(key, fmt::format("{} must be a string", key)));
  if (text->empty()) return std::unexpected(fault(key, fmt::format("{} must not be empty", key)));
  if (text->size() > kTextBytesMax) {
    return std::unexpected(fault(key, fmt::format("{} has {} bytes; at most {} are allowed", key,
                                                  text->size(), kTextBytesMax)));
  }
  return *std::move(text);
}

Response answer_of(const Result<std::size_t>& removed) {
  if (removed) return {.body = fmt::format("{{\"removed\":{}}}\n", *removed)};
  Problem problem{.kind = ProblemKind::unavailable, .detail = removed.error().message()};
  if (removed.error() == gateway::PublishError::unknown_namespace) {
    problem.kind = ProblemKind::invalid_field;
    problem.pointer = "#/namespace";
  } else {
    problem.detail += "; repeat the request";
    problem.headers.emplace_back("Retry-After", "1");
  }
  return problem_response(std::move(problem));
}

}  // namespace

std::expected<gateway::MemberRemoval, Problem> decode_removal(std::string_view body) {
  const auto object = json::validate(body, kDepthMax);
  if (!object) {
    return std::unexpected(Problem{.kind = ProblemKind::malformed_request,
                                   .detail = "the body isn't JSON: " + object.error().message()});
  }
  if (json::kind_of(*object) != json::Kind::object) {
    return std::unexpected(fault("", "a removal is a JSON object"));
  }
  gateway::MemberRemoval removal;
  json::ObjectReader members(*object);
  while (const auto member = members.next()) {
    std::string* const field = member->key == "room"        ? &removal.room
                               : member->key == "user"      ? &removal.user
                               : member->key == "namespace" ? &removal.namespace_name
                                                            : nullptr;
    if (field == nullptr) {
      return std::unexpected(
          fault("", "there is a key that is not known; known are room, user, namespace"));
    }
    auto text = text_of(member->key, member->value);
    if (!text) return std::unexpected(std::move(text.error()));
    *field = *std::move(text);
  }
  if (removal.room.empty()) return std::unexpected(fault("room", "room is missing"));
  if (removal.user.empty()) return std::unexpected(fault("user", "user is missing"));
  return removal;
}

void add_member_routes(Router& router, gateway::Operations& operations) {
  router.add({"POST", "/v1/remove", true, [&operations](const Request& request, Respond respond) {
                auto removal = decode_removal(request.body);
                if (!removal) return respond(problem_response(std::move(removal.error())));
                removal->by = source_of(request);
                operations.remove_member(
                    *std::move(removal),
                    [respond = std::move(respond)](const Result<std::size_t>& removed) mutable {
                      respond(answer_of(removed));
                    });
              }});
}

}  // namespace outcry::api
