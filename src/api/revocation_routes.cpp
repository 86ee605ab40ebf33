#include "api/revocation_routes.h"

#include <utility>

#include <fmt/format.h>

#include "api/problem_details.h"
#include "base/clock.h"
#include "base/json_text.h"
#include "gateway/revocation_order.h"

namespace outcry::api {
namespace {

constexpr unsigned kDepthMax = 2;

Response answer_of(const Result<std::size_t>& revoked) {
  if (revoked) return {.body = fmt::format("{{\"revoked\":{}}}\n", *revoked)};
  Problem problem{.kind = ProblemKind::unavailable, .detail = revoked.error().message()};
  if (revoked.error() == gateway::RevocationError::needs_end) {
    problem.kind = ProblemKind::invalid_field;
    problem.pointer = "#/ttl_s";
  } else {
    problem.headers.emplace_back("Retry-After", "1");
  }
  return problem_response(std::move(problem));
}

void handle(gateway::Operations& operations, const Request& request, Respond respond) {
  const auto object = json::validate(request.body, kDepthMax);
  if (!object) {
    return respond(
        problem_response({.kind = ProblemKind::malformed_request,
                          .detail = "the body isn't JSON: " + object.error().message()}));
  }
  auto revocation = gateway::read_revocation(*object, wall_now());
  if (!revocation) {
    const auto& [member, text] = revocation.error();
    return respond(problem_response({.kind = ProblemKind::invalid_field,
                                     .detail = text,
                                     .pointer = member.empty() ? "#" : "#/" + member}));
  }
  revocation->by = source_of(request);
  operations.revoke(*std::move(revocation),
                    [respond = std::move(respond)](const Result<std::size_t>& revoked) mutable {
                      respond(answer_of(revoked));
                    });
}

}  // namespace

void add_revocation_routes(Router& router, gateway::Operations& operations) {
  router.add({"POST", "/v1/revoke", true, [&operations](const Request& request, Respond respond) {
                handle(operations, request, std::move(respond));
              }});
}

}  // namespace outcry::api
