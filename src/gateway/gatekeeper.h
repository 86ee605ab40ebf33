// gateway/gatekeeper.h — may this user into this room? The store, the back end, and what both have
// answered lately.
//
//   join, re-check ─▶ AccessCache ─▶ owner   OwnerStore (SQLite or PostgreSQL)
//   forget ─────────▶             └▶ http    HttpPolicy
//
// Thread: the control thread. Owner: Gateway.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include <boost/asio/any_io_executor.hpp>

#include "config/config.h"
#include "gateway/http_policy.h"
#include "gateway/operations.h"
#include "store/access_cache.h"
#include "store/owner_store.h"

namespace outcry::gateway {

struct GatekeeperStats {
  store::AccessCacheStats cache;
  std::optional<store::StoreStats> store;  // absent: none is configured
  std::optional<HttpPolicyStats> http;     // likewise
};

class Gatekeeper {
 public:
  /// Throws ConfigError for what can't be used. `config` and the executor's context must outlive
  /// this.
  Gatekeeper(const boost::asio::any_io_executor& executor, const config::Config& config);
  /// `done` of questions under way is not called any more.
  ~Gatekeeper();
  Gatekeeper(const Gatekeeper&) = delete;
  Gatekeeper& operator=(const Gatekeeper&) = delete;

  /// Calls `done` later, once. Errors: StoreError.
  void ask(store::AccessQuestion question, store::AccessCache::Done done);
  /// Forgets what is known: the right was changed.
  void forget(const store::AccessQuestion& question) { cache_.forget(question); }

  /// Appends what readiness says of the store and the back end.
  void append_checks(Readiness& readiness) const;
  [[nodiscard]] GatekeeperStats stats() const;

 private:
  struct Probe;

  [[nodiscard]] store::AccessCache::Sources sources();

  const config::Config& config_;
  std::unique_ptr<store::OwnerStore> store_;  // null, as is the next: none is configured
  std::unique_ptr<HttpPolicy> http_;
  store::AccessCache cache_;
  std::shared_ptr<Probe> probe_;  // late answers hold it weakly
};

}  // namespace outcry::gateway
