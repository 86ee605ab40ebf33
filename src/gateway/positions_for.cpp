#include "gateway/positions_for.h"

#include <algorithm>
#include <array>

#include "protocol/http/target.h"

namespace outcry::gateway {
namespace {

constexpr std::array<std::string_view, 5> kAgents{"Mozilla/", "node", "Node.js/", "Deno/", "Bun/"};

bool asks_like_javascript(std::string_view query) {
  http::QueryCursor parameters(query);
  bool after_version = false;
  while (const auto parameter = parameters.next()) {
    if (after_version) return parameter->name == "transport";
    after_version = parameter->name == "EIO";
  }
  return false;
}

bool is_stock_agent(std::string_view agent) {
  return agent.empty() || std::ranges::any_of(kAgents, [agent](std::string_view known) {
           return agent.starts_with(known);
         });
}

}  // namespace

bool gets_positions(const transport::OpenRequest& request, std::string_view clients) {
  const auto wish = http::find_parameter(request.query, "recovery");
  if (wish == "0") return false;
  if (wish == "1") return true;
  if (clients == "all") return true;
  return clients == "auto" && asks_like_javascript(request.query) &&
         is_stock_agent(request.user_agent);
}

}  // namespace outcry::gateway
