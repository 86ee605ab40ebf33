#include "gateway/token_keys.h"

#include <algorithm>
#include <utility>

#include <boost/asio/steady_timer.hpp>
#include <fmt/format.h>

#include "auth/jwk_set.h"
#include "base/log.h"
#include "config/auth.h"
#include "webclient/web_client.h"

namespace outcry::gateway {
namespace {

constexpr unsigned kOk = 200;

webclient::WebClientOptions client_options(const config::AuthConfig& auth) {
  const auto url = webclient::parse_web_url(auth.jwks_url);
  if (!url) throw config::ConfigError("auth.jwks_url: " + url.error().message());
  return {.url = *url,
          .ca_file = auth.jwks_ca_file,
          .timeout = auth.jwks_timeout,
          .body_bytes_max = auth.jwks_bytes_max,
          .requests_max = 1,
          .queue_max = 1,
          .idle_max = 0,  // minutes lie between two requests
          .breaker = {.failures_max = 3, .pause = auth.jwks_refetch_min}};
}

bool has(const std::vector<auth::Key>& keys, const auth::Key& key) {
  return std::ranges::find(keys, key) != keys.end();
}

}  // namespace

/// The URL, asked again and again.
struct TokenKeys::Source : std::enable_shared_from_this<Source> {
  Source(const boost::asio::any_io_executor& executor, const config::AuthConfig& auth,
         TokenKeys& token_keys)
      : config(auth), owner(token_keys), timer(executor), origin_of_logs(origin(auth)) {
    webclient::WebClientOptions options = client_options(auth);
    target = options.url.target;
    auto made = webclient::WebClient::create(executor, std::move(options));
    if (!made) throw config::ConfigError("auth.jwks_ca_file: " + made.error().message());
    client = *std::move(made);
  }

  static std::string origin(const config::AuthConfig& auth) {
    return webclient::parse_web_url(auth.jwks_url)->origin();
  }

  void fetch() {
    if (std::exchange(fetching, true)) return;
    timer.cancel();
    begun = steady_now();
    client->send({.target = target, .headers = {{"Accept", "application/json"}}},
                 [weak = weak_from_this()](const Result<webclient::WebResponse>& response) {
                   if (const auto alive = weak.lock()) alive->on_answer(response);
                 });
  }

  void on_answer(const Result<webclient::WebResponse>& response) {
    fetching = false;
    const std::string fault = take(response);
    if (fault.empty()) {
      ++stats.fetches;
      stats.fetched_at = wall_now();
    } else {
      ++stats.failures;
      if (fault != stats.failure) {
        log::warning("token keys: none from {}: {}; {} known ones stay in use", origin_of_logs,
                     fault, keys.size());
      }
    }
    stats.failure = fault;
    fetch_later(fault.empty() ? config.jwks_refresh : std::min(config.jwks_refresh, retry()));
    for (const auto& done : std::exchange(waiting, {})) done();
  }

  /// Why the answer brings no keys; empty if it did.
  std::string take(const Result<webclient::WebResponse>& response) {
    if (!response) return response.error().message();
    if (response->status != kOk) return fmt::format("answered {}", response->status);
    auto set = auth::parse_jwk_set(response->body);
    if (!set) return "the answer is no set of keys";
    if (set->keys.empty()) return "the set has no usable key";
    stats.keys_refused = set->refused.size();
    if (set->keys == keys) return {};
    for (const auto& refused : set->refused) {
      log::warning("token keys: a key of {} {}", origin_of_logs, refused.error.message());
    }
    log::info("token keys: {} from {}", set->keys.size(), origin_of_logs);
    keys = std::move(set->keys);
    owner.put_in_force();
    return {};
  }

  [[nodiscard]] seconds retry() const { return std::max(config.jwks_refetch_min, seconds(1)); }

  void fetch_later(seconds pause) {
    timer.expires_after(pause);
    timer.async_wait([weak = weak_from_this()](auto cancelled) {
      const auto alive = weak.lock();
      if (!cancelled && alive) alive->fetch();
    });
  }

  const config::AuthConfig& config;
  TokenKeys& owner;
  boost::asio::steady_timer timer;
  const std::string origin_of_logs;
  std::string target;
  std::unique_ptr<webclient::WebClient> client;
  std::vector<auth::Key> keys;  // the last good set
  std::vector<std::function<void()>> waiting;
  bool fetching = false;
  std::optional<TimePoint> begun;
  TokenKeysStats stats;
};

TokenKeys::TokenKeys(const boost::asio::any_io_executor& executor, const config::Config& config,
                     OnChange on_change)
    : config_(config),
      on_change_(std::move(on_change)),
      of_files_(config::token_keys(config.auth)) {
  in_force_ = of_files_;
  if (!config.auth.jwks_url.empty()) {
    source_ = std::make_shared<Source>(executor, config_.auth, *this);
  }
}

TokenKeys::~TokenKeys() {
  if (!source_) return;
  source_->timer.cancel();
  source_->waiting.clear();
  source_->client.reset();
}

void TokenKeys::start() {
  if (source_) source_->fetch();
}

std::shared_ptr<const auth::TokenVerifier> TokenKeys::verifier() const {
  return std::make_shared<const auth::TokenVerifier>(in_force_, config::token_policy(config_));
}

void TokenKeys::refetch(std::function<void()> done) {
  if (!source_) return done();
  if (!source_->fetching) {
    const bool early =
        source_->begun && steady_now() < *source_->begun + config_.auth.jwks_refetch_min;
    if (early) {
      ++source_->stats.refetches_early;
      return done();
    }
    ++source_->stats.refetches;
    source_->fetch();
  }
  source_->waiting.push_back(std::move(done));
}

std::vector<auth::Key> TokenKeys::all_keys() const {
  std::vector<auth::Key> keys = of_files_;
  if (source_) keys.insert(keys.end(), source_->keys.begin(), source_->keys.end());
  return keys;
}

void TokenKeys::put_in_force() {
  std::vector<auth::Key> keys = all_keys();
  if (keys == in_force_) return;
  const bool withdrawn =
      std::ranges::any_of(in_force_, [&keys](const auth::Key& key) { return !has(keys, key); });
  in_force_ = std::move(keys);
  ++changes_;
  on_change_(verifier(), withdrawn);
}

config::Reloader::Commit TokenKeys::prepare(const config::AuthConfig& next,
                                            config::Strings& changed) {
  std::vector<auth::Key> keys = config::token_keys(next);
  if (keys == of_files_) return {};
  const bool named =
      std::ranges::any_of(changed, [](const std::string& key) { return key.starts_with("auth."); });
  if (!named) {
    const bool of_pem = std::ranges::any_of(keys, [this, &next](const auth::Key& key) {
      return next.public_keys.contains(key.id) && !has(of_files_, key);
    });
    changed.emplace_back(of_pem ? "auth.public_keys" : "auth.jwks_file");
  }
  return [this, keys = std::move(keys)] {
    of_files_ = keys;
    put_in_force();
  };
}

void TokenKeys::append_checks(Readiness& readiness) const {
  if (!source_) return;
  const TokenKeysStats& stats = source_->stats;
  const auto age = stats.fetched_at ? std::chrono::floor<seconds>(wall_now() - *stats.fetched_at)
                                    : seconds::zero();
  // Without any set nobody whom it should let in can connect here; an old one serves.
  ReadinessCheck check{.name = "jwks", .ok = stats.fetched_at.has_value(), .text = {}};
  check.text = check.ok ? fmt::format("{} keys, {} s old", source_->keys.size(), age.count())
                        : "no keys yet";
  if (!stats.failure.empty()) check.text += "; the last fetch failed: " + stats.failure;
  readiness.checks.push_back(std::move(check));
}

TokenKeysStats TokenKeys::stats() const {
  TokenKeysStats stats = source_ ? source_->stats : TokenKeysStats();
  stats.has_url = source_ != nullptr;
  stats.keys = in_force_.size();
  stats.changes = changes_;
  return stats;
}

}  // namespace outcry::gateway
