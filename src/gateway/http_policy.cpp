#include "gateway/http_policy.h"

#include <utility>

#include "auth/token_json.h"
#include "base/json_text.h"
#include "store/owner_store.h"

namespace outcry::gateway {
namespace {

using store::Access;
using store::StoreError;

constexpr std::int64_t kLifetimeMsMax = 86'400'000;

std::string body_of(std::string_view user, std::string_view namespace_name, std::string_view room) {
  std::string body = R"({"user":)";
  json::append_quoted(body, user);
  body += R"(,"namespace":)";
  json::append_quoted(body, namespace_name);
  body += R"(,"room":)";
  json::append_quoted(body, room);
  return body + "}";
}

StoreError cause_of(std::error_code error) {
  using webclient::WebError;
  if (error == WebError::timed_out) return StoreError::timed_out;
  if (error == WebError::queue_full) return StoreError::queue_full;
  if (error == WebError::circuit_open) return StoreError::circuit_open;
  if (error == WebError::stopped) return StoreError::stopped;
  return StoreError::unavailable;
}

Result<Access> answer_of(const Result<webclient::WebResponse>& response) {
  if (!response) return fail(cause_of(response.error()));
  return decode_policy_answer(response->status, response->body);
}

webclient::WebClientOptions client_options(const config::Config& config) {
  const config::PolicyHttpConfig& policy = config.policy_http;
  const auto url = webclient::parse_web_url(policy.url);
  if (!url) throw config::ConfigError("policy_http.url: " + url.error().message());
  return {.url = *url,
          .ca_file = policy.ca_file,
          .timeout = policy.timeout,
          .requests_max = policy.requests_max,
          .queue_max = policy.queue_max,
          .idle_max = policy.requests_max,
          .breaker = {.failures_max = static_cast<std::uint32_t>(policy.failures_max),
                      .pause = policy.failure_pause}};
}

}  // namespace

Result<Access> decode_policy_answer(unsigned status, std::string_view body) {
  if (status == 403) return Access{.allowed = false, .lifetime = std::nullopt};
  if (status != 200) return fail(StoreError::unavailable);
  const auto answer = auth::TokenJson::parse(body);
  const auto allow = answer ? answer->find("allow") : std::nullopt;
  if (!allow || (*allow != "true" && *allow != "false")) return fail(StoreError::bad_answer);
  Access access{.allowed = *allow == "true", .lifetime = std::nullopt};
  if (const auto lifetime = answer->find("lifetime_ms")) {
    const auto number = json::integer(*lifetime);
    if (!number || *number < 0 || *number > kLifetimeMsMax) return fail(StoreError::bad_answer);
    access.lifetime = std::chrono::milliseconds(*number);
  }
  return access;
}

HttpPolicy::HttpPolicy(const boost::asio::any_io_executor& executor, const config::Config& config)
    : namespaces_(config.socketio.namespaces) {
  webclient::WebClientOptions options = client_options(config);
  target_ = options.url.target;
  if (!config.policy_http.secret.empty()) authorization_ = "Bearer " + config.policy_http.secret;
  auto client = webclient::WebClient::create(executor, std::move(options));
  if (!client) throw config::ConfigError("policy_http.ca_file: " + client.error().message());
  client_ = *std::move(client);
}

void HttpPolicy::ask(const store::AccessQuestion& question, store::AccessDone done) {
  const std::string_view key = question.object;
  const auto namespace_id = static_cast<unsigned char>(key.front());
  webclient::WebRequest request{
      .method = "POST",
      .target = target_,
      .headers = {{"Content-Type", "application/json"}},
      .body = body_of(question.user, namespaces_[namespace_id], key.substr(1)),
      .repeatable = true};
  if (!authorization_.empty()) request.headers.emplace_back("Authorization", authorization_);
  const bool is_open = question.policy == store::Policy::http_open;
  client_->send(std::move(request), [done = std::move(done), is_open, failed_open = failed_open_](
                                        const Result<webclient::WebResponse>& response) mutable {
    Result<Access> access = answer_of(response);
    if (!access && is_open && access.error() != StoreError::stopped) {
      ++*failed_open;
      access = Access{.allowed = true, .lifetime = std::chrono::milliseconds::zero()};
    }
    done(access);
  });
}

HttpPolicyStats HttpPolicy::stats() const {
  return {.client = client_->stats(), .failed_open = *failed_open_};
}

}  // namespace outcry::gateway
