#include "api/reload_route.h"

#include <string>
#include <utility>

#include "api/problem_details.h"
#include "base/json_text.h"

namespace outcry::api {
namespace {

void append_list(std::string& out, const config::Strings& texts) {
  out += '[';
  for (const std::string& text : texts) {
    if (out.back() != '[') out += ',';
    json::append_quoted(out, text);
  }
  out += ']';
}

Response response_to(config::ReloadReport report) {
  if (!report.error.empty()) {
    return problem_response(
        {.kind = ProblemKind::refused_configuration, .detail = std::move(report.error)});
  }
  std::string body = R"({"changed":)";
  append_list(body, report.changed);
  body += R"(,"need_restart":)";
  append_list(body, report.need_restart);
  return {.body = body + "}\n"};
}

}  // namespace

void add_reload_route(Router& router, config::Reloader& reloader) {
  router.add({.method = "POST",
              .path = "/v1/reload",
              .handle =
                  [&reloader](const Request& request, Respond respond) {
                    respond(response_to(reloader.reload(source_of(request))));
                  },
              .takes_body = false});
}

}  // namespace outcry::api
