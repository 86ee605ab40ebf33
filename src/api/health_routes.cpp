#include "api/health_routes.h"

#include <algorithm>
#include <utility>

#include "base/json_text.h"

namespace outcry::api {
namespace {

bool has_parameter(std::string_view query, std::string_view name) noexcept {
  while (!query.empty()) {
    const std::string_view parameter = query.substr(0, query.find('&'));
    if (parameter.substr(0, parameter.find('=')) == name) return true;
    query.remove_prefix(std::min(query.size(), parameter.size() + 1));
  }
  return false;
}

std::string readiness_json(const gateway::Readiness& readiness, bool verbose) {
  std::string out =
      readiness.ready() ? R"({"status":"ready","checks":[)" : R"({"status":"not_ready","checks":[)";
  bool first = true;
  for (const gateway::ReadinessCheck& check : readiness.checks) {
    if (check.ok && !verbose) continue;
    out += first ? R"({"name":)" : R"(,{"name":)";
    first = false;
    json::append_quoted(out, check.name);
    out += check.ok ? R"(,"ok":true,"text":)" : R"(,"ok":false,"text":)";
    json::append_quoted(out, check.text);
    out += "}";
  }
  return out + "]}\n";
}

}  // namespace

void add_health_routes(Router& router, gateway::Operations& operations) {
  router.add({"GET", "/livez", false,
              [](const Request&, Respond respond) { respond({.body = "{\"status\":\"ok\"}\n"}); }});
  router.add({"GET", "/readyz", false, [&operations](const Request& request, Respond respond) {
                const gateway::Readiness readiness = operations.readiness();
                respond(
                    {.status = readiness.ready() ? 200U : 503U,
                     .body = readiness_json(readiness, has_parameter(request.query, "verbose"))});
              }});
  router.add({"GET", "/metrics", false, [&operations](const Request&, Respond respond) {
                operations.collect_metrics([respond = std::move(respond)](
                                               std::vector<observe::MetricSample> samples) mutable {
                  respond({.content_type = std::string(observe::kMetricsContentType),
                           .body = observe::metrics_text(samples)});
                });
              }});
}

}  // namespace outcry::api
