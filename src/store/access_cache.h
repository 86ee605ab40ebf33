// store/access_cache.h — remembers answers, and asks each question once at a time.
//
//   known and fresh      answered from memory
//   being asked          waits for that answer (single flight)
//   else                 one question to the source of its policy
//
// After a restart of the gateway ten thousand clients join at once, many with the same question
// from several tabs; without single flight each would reach the database. A yes lives longer than a
// no: a trader who has just bought a challenge must get in soon. Errors are not remembered at all.
//
// One cache for all policies, so that one limit bounds it and one place forgets.
// Thread: the control thread (that of the sources). Owner: Gateway.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include <boost/asio/any_io_executor.hpp>

#include "base/clock.h"
#include "store/access.h"

namespace outcry::store {

/// Zero: not remembered.
struct AccessLifetimes {
  std::chrono::milliseconds allowed{60'000};
  std::chrono::milliseconds denied{5'000};
};

struct AccessCacheOptions {
  std::array<AccessLifetimes, kPolicyCount> lifetimes;  // by Policy
  std::size_t entries_max = 100'000;                    // the least recently used make room
};

struct AccessCacheStats {
  std::uint64_t hits_allowed = 0;
  std::uint64_t hits_denied = 0;
  std::uint64_t shared = 0;                          // waited for a question already under way
  std::array<std::uint64_t, kPolicyCount> asked{};   // reached the source
  std::array<std::uint64_t, kPolicyCount> errors{};  // of those, answered with an error
  std::uint64_t evicted = 0;
  std::uint64_t forgotten = 0;
  std::size_t entries = 0;
  std::size_t in_flight = 0;
};

class AccessCache {
 public:
  using Clock = std::move_only_function<TimePoint()>;
  using Done = std::move_only_function<void(Result<bool>)>;
  /// By Policy; an empty one: StoreError::not_configured.
  using Sources = std::array<AccessSource, kPolicyCount>;

  /// `executor` runs answers from memory; it must be the one that the sources answer on, and
  /// single-threaded.
  AccessCache(boost::asio::any_io_executor executor, AccessCacheOptions options, Sources sources,
              Clock clock = steady_now);
  /// `done` of questions under way is not called any more.
  ~AccessCache();
  AccessCache(const AccessCache&) = delete;
  AccessCache& operator=(const AccessCache&) = delete;

  /// Calls `done` once, later, never before ask() returns; it must not throw. Errors: StoreError.
  void ask(AccessQuestion question, Done done);

  /// Forgets the answer: the right was changed. A question that is under way may have been answered
  /// before that; it is asked again.
  void forget(const AccessQuestion& question);
  /// The same for every answer about `user`.
  void forget_user(const std::string& user);

  [[nodiscard]] AccessCacheStats stats() const;

 private:
  struct State;
  std::shared_ptr<State> state_;  // late answers hold it weakly
};

}  // namespace outcry::store
