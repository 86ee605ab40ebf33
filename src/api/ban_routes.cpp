#include "api/ban_routes.h"

#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/json_text.h"

namespace outcry::api {
namespace {

using gateway::BanKind;

constexpr std::size_t kNameBytesMax = 256;
constexpr unsigned kDepthMax = 2;

std::unexpected<Problem> fault(std::string pointer, std::string detail) {
  return std::unexpected(Problem{.kind = ProblemKind::invalid_field,
                                 .detail = std::move(detail),
                                 .pointer = std::move(pointer)});
}

std::string_view name_of(BanKind kind) {
  return kind == BanKind::user ? "user" : "address";
}

Response list_of(const std::vector<gateway::BanInfo>& bans) {
  std::string body = R"({"bans":[)";
  for (const gateway::BanInfo& ban : bans) {
    if (body.back() != '[') body += ',';
    body += fmt::format(R"({{"{}":)", name_of(ban.target.kind));
    json::append_quoted(body, ban.target.name);
    body += fmt::format(R"(,"seconds_left":{}}})", ban.left.count());
  }
  return {.body = body + "]}\n"};
}

}  // namespace

std::expected<gateway::BanTarget, Problem> decode_pardon(std::string_view body) {
  const auto object = json::validate(body, kDepthMax);
  if (!object) {
    return std::unexpected(Problem{.kind = ProblemKind::malformed_request,
                                   .detail = "the body isn't JSON: " + object.error().message()});
  }
  if (json::kind_of(*object) != json::Kind::object) return fault("#", "send a JSON object");
  json::ObjectReader members(*object);
  const auto member = members.next();
  const bool is_user = member && member->key == "user";
  if (!member || (!is_user && member->key != "address") || members.next()) {
    return fault("#", "send either user or address, and nothing else");
  }
  const std::string pointer = fmt::format("#/{}", member->key);
  auto name = json::unescape(member->value);
  if (!name || name->empty() || name->size() > kNameBytesMax) {
    return fault(pointer,
                 fmt::format("{} must be a string of 1 to {} bytes", member->key, kNameBytesMax));
  }
  return gateway::BanTarget{.kind = is_user ? BanKind::user : BanKind::address,
                            .name = *std::move(name)};
}

void add_ban_routes(Router& router, gateway::Operations& operations) {
  router.add({.method = "GET",
              .path = "/v1/bans",
              .handle = [&operations](const Request&, Respond respond) {
                respond(list_of(operations.bans()));
              }});
  router.add({.method = "POST",
              .path = "/v1/unban",
              .handle = [&operations](const Request& request, Respond respond) {
                const auto target = decode_pardon(request.body);
                if (!target) return respond(problem_response(target.error()));
                const bool lifted = operations.lift_ban(*target, source_of(request));
                respond({.body = fmt::format("{{\"lifted\":{}}}\n", lifted)});
              }});
}

}  // namespace outcry::api
