// store/owner_cache.h — remembers answers, and asks each question once at a time.
//
//   known and fresh      answered from memory
//   being asked          waits for that answer (single flight)
//   else                 one question to the store behind
//
// After a restart of the gateway ten thousand clients join at once, many with the same question
// from several tabs; without single flight each would reach the database. A yes lives longer than a
// no: a trader who has just bought a challenge must get in soon. Errors are not remembered at all.
// Thread: the control thread (that of the store behind). Owner: Gateway.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <vector>

#include <boost/asio/any_io_executor.hpp>

#include "base/clock.h"
#include "store/owner_store.h"

namespace outcry::store {

struct OwnerCacheOptions {
  std::chrono::milliseconds owned_lifetime{60'000};  // zero: a yes is not remembered
  std::chrono::milliseconds denied_lifetime{5'000};  // zero: a no is not remembered
  std::size_t entries_max = 100'000;                 // the least recently used make room
};

struct OwnerCacheStats {
  std::uint64_t hits_owned = 0;
  std::uint64_t hits_denied = 0;
  std::uint64_t shared = 0;  // waited for a question that was already under way
  std::uint64_t asked = 0;   // reached the store
  std::uint64_t errors = 0;  // of those, answered with an error
  std::uint64_t evicted = 0;
  std::size_t entries = 0;
  std::size_t in_flight = 0;
};

class OwnerCache final : public OwnerStore {
 public:
  using Clock = std::move_only_function<TimePoint()>;

  /// `behind` must outlive the cache. `executor` runs answers from memory; it must be the one that
  /// `behind` answers on, and single-threaded.
  OwnerCache(OwnerStore& behind, boost::asio::any_io_executor executor, OwnerCacheOptions options,
             Clock clock = steady_now);
  /// Questions under way are answered with StoreError::stopped when their answer arrives or the
  /// store behind drops them; `done` is not called after that.
  ~OwnerCache() override;

  void ask(OwnerQuestion question, OwnerAnswer done) override;

  /// Forgets every answer about `user`: his rights were changed.
  void forget_user(const std::string& user);

  [[nodiscard]] OwnerCacheStats stats() const;

 private:
  struct State;
  std::shared_ptr<State> state_;  // late answers hold it weakly
};

}  // namespace outcry::store
