#include "api/receipt_routes.h"

#include <chrono>
#include <expected>
#include <optional>
#include <string>
#include <utility>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "api/problem_details.h"
#include "base/json_text.h"
#include "protocol/http/target.h"

namespace outcry::api {
namespace {

constexpr std::size_t kReceiptsMax = 1'000;
constexpr std::size_t kTextBytesMax = 256;

Problem fault(std::string detail) {
  return {.kind = ProblemKind::malformed_request, .detail = std::move(detail)};
}

std::expected<gateway::ReceiptQuery, Problem> query_of(const Request& request) {
  gateway::ReceiptQuery out{.id = request.parameter, .receipts_max = kReceiptsMax};
  for (const auto& [name, field] : {std::pair{"event", &out.event},
                                    {"room", &out.room},
                                    {"namespace", &out.namespace_name},
                                    {"after", &out.after}}) {
    auto text = http::find_parameter(request.query, name);
    if (!text) continue;
    if (text->empty() || text->size() > kTextBytesMax) {
      return std::unexpected(fault(fmt::format("{} has 1 to {} bytes", name, kTextBytesMax)));
    }
    *field = *std::move(text);
  }
  if (out.event.empty() != out.room.empty()) {
    return std::unexpected(fault("event and room name an id together"));
  }
  const auto limit = http::count_parameter(request.query, "limit", kReceiptsMax, kReceiptsMax);
  if (!limit) return std::unexpected(fault(limit.error()));
  out.receipts_max = *limit;
  return out;
}

Response refusal(std::error_code error) {
  if (error == gateway::ReadError::unknown_event) {
    return problem_response({.kind = ProblemKind::not_found, .detail = error.message()});
  }
  Problem problem{.kind = ProblemKind::unavailable, .detail = error.message()};
  problem.headers.emplace_back("Retry-After", "1");
  return problem_response(std::move(problem));
}

std::string time_text(const std::optional<WallTime>& time) {
  if (!time) return "null";
  const auto seconds = std::chrono::floor<std::chrono::seconds>(*time);
  return fmt::format(R"("{:%Y-%m-%dT%H:%M:%S}.{:03}Z")",
                     fmt::gmtime(std::chrono::system_clock::to_time_t(seconds)),
                     (*time - seconds).count());
}

std::string body_of(const gateway::EventReceipts& found) {
  std::string out = R"({"receipts":[)";
  for (const gateway::EventReceipts::Receipt& receipt : found.receipts) {
    if (&receipt != &found.receipts.front()) out += ',';
    out += R"({"user":)";
    json::append_quoted(out, receipt.user);
    out += R"(,"sid":)";
    json::append_quoted(out, receipt.sid);
    out += fmt::format(R"(,"sent":{},"acknowledged":{}}})", time_text(receipt.sent),
                       time_text(receipt.acknowledged));
  }
  return out + fmt::format("],\"more\":{}}}\n", found.more);
}

}  // namespace

void add_receipt_routes(Router& router, gateway::Operations& operations) {
  router.add({"GET", "/v1/events/{id}/receipts", true,
              [&operations](const Request& request, Respond respond) {
                auto query = query_of(request);
                if (!query) return respond(problem_response(std::move(query.error())));
                operations.receipts(
                    *std::move(query), [respond = std::move(respond)](
                                           const Result<gateway::EventReceipts>& found) mutable {
                      respond(found ? Response{.body = body_of(*found)} : refusal(found.error()));
                    });
              }});
}

}  // namespace outcry::api
