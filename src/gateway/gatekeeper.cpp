#include "gateway/gatekeeper.h"

#include <utility>

#include <boost/asio/steady_timer.hpp>

#include "gateway/gateway_setup.h"

namespace outcry::gateway {
namespace {

using store::Policy;

constexpr std::chrono::seconds kProbeInterval{5};

std::size_t index_of(Policy policy) {
  return static_cast<std::size_t>(policy);
}

store::AccessCacheOptions cache_options(const config::Config& config) {
  store::AccessCacheOptions options{.entries_max = config.store.cache_entries_max};
  const store::AccessLifetimes by_http{config.policy_http.cache_allowed,
                                       config.policy_http.cache_denied};
  options.lifetimes[index_of(Policy::owner)] = {config.store.cache_owned,
                                                config.store.cache_denied};
  options.lifetimes[index_of(Policy::http)] = by_http;
  options.lifetimes[index_of(Policy::http_open)] = by_http;
  return options;
}

}  // namespace

/// Asks the store beside the cache, so that readiness speaks of the database as it is now.
struct Gatekeeper::Probe : std::enable_shared_from_this<Probe> {
  Probe(const boost::asio::any_io_executor& executor, store::OwnerStore& asked)
      : store(asked), timer(executor) {}

  void run() {
    store.ask({.object_id = "readiness", .user = "readiness"},
              [weak = weak_from_this()](Result<bool> answer) {
                const auto alive = weak.lock();
                if (alive == nullptr) return;
                alive->ok = answer.has_value();
                alive->text = alive->ok ? "answers" : answer.error().message();
              });
    timer.expires_after(kProbeInterval);
    timer.async_wait([weak = weak_from_this()](auto cancelled) {
      const auto alive = weak.lock();
      if (!cancelled && alive != nullptr) alive->run();
    });
  }

  store::OwnerStore& store;
  boost::asio::steady_timer timer;
  bool ok = true;
  std::string text = "not asked yet";
};

Gatekeeper::Gatekeeper(const boost::asio::any_io_executor& executor, const config::Config& config)
    : config_(config),
      store_(owner_store(config.store, executor)),
      http_(config.policy_http.url.empty() ? nullptr
                                           : std::make_unique<HttpPolicy>(executor, config)),
      cache_(executor, cache_options(config), sources()) {
  if (store_ == nullptr) return;
  probe_ = std::make_shared<Probe>(executor, *store_);
  probe_->run();
}

Gatekeeper::~Gatekeeper() {
  if (probe_) probe_->timer.cancel();
}

store::AccessCache::Sources Gatekeeper::sources() {
  store::AccessCache::Sources sources;
  if (store_ != nullptr) {
    sources[index_of(Policy::owner)] = [this](store::AccessQuestion question,
                                              store::AccessDone done) {
      store_->ask({.object_id = std::move(question.object), .user = std::move(question.user)},
                  [done = std::move(done)](Result<bool> owned) mutable {
                    if (!owned) return done(fail(owned.error()));
                    done(store::Access{.allowed = *owned, .lifetime = std::nullopt});
                  });
    };
  }
  if (http_ != nullptr) {
    for (const Policy policy : {Policy::http, Policy::http_open}) {
      sources[index_of(policy)] = [this](const store::AccessQuestion& question,
                                         store::AccessDone done) {
        http_->ask(question, std::move(done));
      };
    }
  }
  return sources;
}

void Gatekeeper::ask(store::AccessQuestion question, store::AccessCache::Done done) {
  cache_.ask(std::move(question), std::move(done));
}

void Gatekeeper::append_checks(Readiness& readiness) const {
  if (probe_) {
    readiness.checks.push_back({.name = "store", .ok = probe_->ok, .text = probe_->text});
  }
  if (http_ == nullptr) return;
  // Where all such rooms are open without an answer, clients are served as well as without it.
  const bool rests = http_->stats().client.refuses;
  readiness.checks.push_back({.name = "policy_http",
                              .ok = !rests || config_.rooms.http.empty(),
                              .text = rests ? "does not answer" : "in use"});
}

GatekeeperStats Gatekeeper::stats() const {
  GatekeeperStats stats{.cache = cache_.stats(), .store = std::nullopt, .http = std::nullopt};
  if (store_ != nullptr) stats.store = store_->stats();
  if (http_ != nullptr) stats.http = http_->stats();
  return stats;
}

}  // namespace outcry::gateway
