// store/postgres_store.h — asks a PostgreSQL database, through a bounded pool of connections.
//
//   ask() ─▶ breaker ─▶ queue ─▶ a free connection ─▶ yes, no, or an error
//              │          │
//              │          └─ bounded; its wait counts to the question's time limit
//              └─ after failures in a row: refused at once, then one question as a trial
//
// Connections are opened when questions wait, up to the limit, and closed when they have been idle;
// one is always kept, and asked now and then whether it is alive. When the database is away one
// connection at a time is tried, after growing pauses; meanwhile questions are answered
// `unavailable` at once rather than pile up. A question whose connection is lost is asked once
// more: it only reads.
// Thread: the executor's, for calls and answers. Owner: Gateway.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>

#include <boost/asio/any_io_executor.hpp>

#include "base/circuit_breaker.h"
#include "store/owner_store.h"

namespace outcry::store {

struct PostgresStoreOptions {
  std::string url;  // holds a secret
  /// One statement that only reads. $1 is the object, $2 the user, as text; a row means yes.
  std::string owner_query;
  std::chrono::milliseconds question_timeout{1'000};
  std::size_t queue_max = 10'000;
  std::size_t connections_max = 4;
  std::chrono::milliseconds connect_timeout{3'000};
  std::chrono::milliseconds idle_check{10'000};  // between two; also how long a spare one is kept
  std::chrono::milliseconds reconnect_min{100};
  std::chrono::milliseconds reconnect_max{5'000};
  CircuitBreakerOptions breaker;
};

class PostgresStore final : public OwnerStore {
 public:
  /// `executor` is single-threaded, and its context outlives the store. The URL must be one that
  /// postgres_url_problem() lets pass. Begins to connect.
  PostgresStore(boost::asio::any_io_executor executor, PostgresStoreOptions options);
  /// What is under way or waits is answered with StoreError::stopped, later.
  ~PostgresStore() override;

  void ask(OwnerQuestion question, OwnerAnswer done) override;
  [[nodiscard]] StoreStats stats() const override;

 private:
  struct Core;
  std::shared_ptr<Core> core_;  // shared with the connections' coroutines
};

}  // namespace outcry::store
