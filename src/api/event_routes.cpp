#include "api/event_routes.h"

#include <string>
#include <utility>

#include "api/problem_details.h"
#include "gateway/room_query.h"

namespace outcry::api {
namespace {

Problem fault(std::string detail) {
  return {.kind = ProblemKind::malformed_request, .detail = std::move(detail)};
}

Response refusal(std::error_code error) {
  if (error == gateway::ReadError::too_old) {
    return problem_response(
        {.kind = ProblemKind::gone, .detail = error.message() + "; load the state anew"});
  }
  return problem_response(fault(error.message()));
}

}  // namespace

void add_event_routes(Router& router, gateway::Operations& operations) {
  router.add({"GET", "/v1/rooms/{room}/events", true,
              [&operations](const Request& request, Respond respond) {
                const auto query = gateway::room_query(request.parameter, request.query);
                if (!query) return respond(problem_response(fault(query.error())));
                const auto found = operations.read_room(*query);
                respond(found ? Response{.body = to_json(*found)} : refusal(found.error()));
              }});
}

}  // namespace outcry::api
