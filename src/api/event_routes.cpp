#include "api/event_routes.h"

#include <expected>
#include <optional>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "api/problem_details.h"
#include "api/query_numbers.h"
#include "base/json_text.h"
#include "protocol/http/target.h"

namespace outcry::api {
namespace {

constexpr std::size_t kEventsMax = 1'000;
constexpr std::size_t kRoomBytesMax = 256;

Problem fault(std::string detail) {
  return {.kind = ProblemKind::malformed_request, .detail = std::move(detail)};
}

std::expected<gateway::RoomQuery, Problem> query_of(const Request& request) {
  gateway::RoomQuery out{.room = request.parameter};
  if (out.room.size() > kRoomBytesMax) {
    return std::unexpected(fault(fmt::format("a room's name has at most {} bytes", kRoomBytesMax)));
  }
  if (auto name = http::find_parameter(request.query, "namespace")) {
    out.namespace_name = *std::move(name);
  }
  const auto since = http::find_parameter(request.query, "since");
  if (since && http::find_parameter(request.query, "last")) {
    return std::unexpected(fault("since and last exclude each other"));
  }
  if (since && since->empty()) return std::unexpected(fault("since is empty"));
  out.since = since.value_or(std::string());
  const auto last = count_of(request.query, "last", out.last, kEventsMax);
  if (!last) return std::unexpected(last.error());
  const auto limit = count_of(request.query, "limit", out.events_max, kEventsMax);
  if (!limit) return std::unexpected(limit.error());
  out.last = *last;
  out.events_max = *limit;
  return out;
}

Response refusal(std::error_code error) {
  if (error == gateway::ReadError::too_old) {
    return problem_response(
        {.kind = ProblemKind::gone, .detail = error.message() + "; load the state anew"});
  }
  return problem_response(fault(error.message()));
}

std::string body_of(const gateway::RoomEvents& found) {
  std::string out = R"({"events":[)";
  for (const gateway::RoomEvents::Event& event : found.events) {
    if (&event != &found.events.front()) out += ',';
    out += R"({"event":)";
    json::append_quoted(out, event.event);
    out += fmt::format(R"(,"arguments":[{}],"offset":"{}"}})", event.arguments, event.offset);
  }
  out += fmt::format(R"(],"offset":"{}","more":{}}})", found.offset, found.more);
  return out + "\n";
}

}  // namespace

void add_event_routes(Router& router, gateway::Operations& operations) {
  router.add({"GET", "/v1/rooms/{room}/events", true,
              [&operations](const Request& request, Respond respond) {
                auto query = query_of(request);
                if (!query) return respond(problem_response(std::move(query.error())));
                const auto found = operations.read_room(*query);
                respond(found ? Response{.body = body_of(*found)} : refusal(found.error()));
              }});
}

}  // namespace outcry::api
