#include "api/publish_routes.h"

#include <cstddef>
#include <memory>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "base/json_text.h"
#include "base/random.h"

namespace outcry::api {
namespace {

using gateway::PublishError;
using gateway::PublishReceipt;

constexpr std::size_t kIdRandomBytes = 15;  // 20 characters

// Collects the answers to one request's publications, which may come in any order.
struct Answers {
  std::vector<std::string> ids;
  std::vector<std::optional<Result<PublishReceipt>>> results;
  std::size_t waiting = 0;
  bool is_batch = false;
  Respond respond;
};

Problem refusal(std::error_code error) {
  Problem problem{.kind = ProblemKind::unavailable, .detail = error.message()};
  if (error == PublishError::unknown_namespace || error == PublishError::too_big ||
      error == PublishError::reserved_name || error == PublishError::bad_command) {
    problem.kind = ProblemKind::invalid_field;
    return problem;
  }
  problem.detail += "; repeat the request with the same id";
  problem.headers.emplace_back("Retry-After", "1");
  return problem;
}

void append_receipt(std::string& out, const PublishReceipt& receipt) {
  out += R"({"id":)";
  json::append_quoted(out, receipt.id);
  out += R"(,"offset":)";
  if (receipt.offset.empty()) {
    out += "null";
  } else {
    json::append_quoted(out, receipt.offset);
  }
  out += "}";
}

std::string results_json(const Answers& answers) {
  std::string out = "[";
  for (std::size_t i = 0; i < answers.results.size(); ++i) {
    if (i > 0) out += ",";
    const Result<PublishReceipt>& result = *answers.results[i];
    if (result) {
      append_receipt(out, *result);
      continue;
    }
    out += R"({"id":)";
    json::append_quoted(out, answers.ids[i]);
    out += R"(,"error":)";
    json::append_quoted(out, result.error().message());
    out += "}";
  }
  return out + "]";
}

Response response_of(const Answers& answers) {
  for (const auto& result : answers.results) {
    if (*result) continue;
    Problem problem = refusal(result->error());
    if (answers.is_batch) problem.results_json = results_json(answers);
    return problem_response(std::move(problem));
  }
  Response response;
  if (answers.is_batch) {
    response.body = R"({"results":)" + results_json(answers) + "}";
  } else {
    append_receipt(response.body, **answers.results.front());
  }
  response.body += "\n";
  return response;
}

void publish_all(gateway::Operations& operations, std::vector<bus::Publication> publications,
                 bool is_batch, Respond respond) {
  auto answers = std::make_shared<Answers>();
  answers->results.resize(publications.size());
  answers->waiting = publications.size();
  answers->is_batch = is_batch;
  answers->respond = std::move(respond);
  for (bus::Publication& publication : publications) {
    if (publication.id.empty()) publication.id = random_id(kIdRandomBytes);
    answers->ids.push_back(publication.id);
  }
  for (std::size_t i = 0; i < publications.size(); ++i) {
    operations.publish(std::move(publications[i]), [answers, i](Result<PublishReceipt> result) {
      if (answers->results[i]) return;
      answers->results[i] = std::move(result);
      if (--answers->waiting == 0) answers->respond(response_of(*answers));
    });
  }
}

// Takes the id from the header, where clients that know RFC drafts only in passing may have left
// the quotes of a structured field (RFC 8941 §3.3.3) or not.
std::optional<Problem> take_idempotency_key(std::string_view key, bus::Publication& publication,
                                            const PublishLimits& limits) {
  if (key.size() >= 2 && key.front() == '"' && key.back() == '"') {
    key = key.substr(1, key.size() - 2);
  }
  if (!is_publication_id(key, limits)) {
    return Problem{.kind = ProblemKind::malformed_request,
                   .detail = fmt::format("Idempotency-Key must be 1 to {} visible ASCII characters",
                                         limits.id_bytes_max)};
  }
  if (!publication.id.empty() && publication.id != key) {
    return Problem{.kind = ProblemKind::invalid_field,
                   .detail = "id and the header Idempotency-Key differ; give one of them",
                   .pointer = "#/id"};
  }
  publication.id = key;
  return std::nullopt;
}

void handle(gateway::Operations& operations, const PublishLimits& limits, PublishShape shape,
            const Request& request, Respond respond) {
  const bool is_batch = shape == PublishShape::batch;
  if (is_batch && !request.idempotency_key.empty()) {
    respond(problem_response({.kind = ProblemKind::malformed_request,
                              .detail = "Idempotency-Key names one event; in a batch, give each "
                                        "publication its own id"}));
    return;
  }
  auto publications = decode_publish_body(request.body, shape, limits);
  if (!publications) {
    respond(problem_response(std::move(publications.error())));
    return;
  }
  if (!request.idempotency_key.empty()) {
    auto problem = take_idempotency_key(request.idempotency_key, publications->front(), limits);
    if (problem) {
      respond(problem_response(*std::move(problem)));
      return;
    }
  }
  for (bus::Publication& publication : *publications) publication.source = source_of(request);
  publish_all(operations, *std::move(publications), is_batch, std::move(respond));
}

}  // namespace

void add_publish_routes(Router& router, gateway::Operations& operations,
                        const PublishLimits& limits) {
  const auto add = [&](std::string path, PublishShape shape) {
    router.add({"POST", std::move(path), true,
                [&operations, limits, shape](const Request& request, Respond respond) {
                  handle(operations, limits, shape, request, std::move(respond));
                }});
  };
  add("/v1/publish", PublishShape::room);
  add("/v1/broadcast", PublishShape::rooms);
  add("/v1/batch", PublishShape::batch);
}

}  // namespace outcry::api
