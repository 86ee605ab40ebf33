// store/owner_store.h — "does this user own this object?", asked of whoever knows.
//
//   join ──▶ AccessCache ──▶ SqliteStore     own thread, for SQLite blocks
//            (known? same ─▶ PostgresStore   a pool of connections, asynchronous
//             one asked?)
//
// The answer decides whether a client sees somebody's trades, so anything but a clear yes is a no:
// an error is never owned.
// Thread: ask() on the thread of the executor that the store was given; answers arrive there too.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <system_error>

#include "base/result.h"

namespace outcry::store {

enum class StoreError : std::uint8_t {
  none,
  not_configured,  // no store: nobody owns anything
  queue_full,      // too many questions wait
  timed_out,       // the question took longer than its limit
  unavailable,     // the database can't be opened or read at the moment
  circuit_open,    // it failed too often in a row, and is left alone for a while
  query_failed,    // the database answered with an error
  bad_answer,      // the back end answered with something else than an answer
  bad_query,       // the configured query can't be used; found at start-up
  stopped,         // the store is shutting down
};

[[nodiscard]] std::error_code make_error_code(StoreError error) noexcept;

struct OwnerQuestion {
  std::string object_id;
  std::string user;

  auto operator<=>(const OwnerQuestion&) const = default;
};

/// Called exactly once, and must not throw. What it needs later it must own or find by id.
using OwnerAnswer = std::move_only_function<void(Result<bool>)>;

struct StoreStats {
  std::uint64_t questions = 0;  // taken into the queue
  std::uint64_t owned = 0;
  std::uint64_t denied = 0;
  std::uint64_t errors = 0;  // all kinds, without those below
  std::uint64_t timed_out = 0;
  std::uint64_t queue_full = 0;    // not taken
  std::uint64_t circuit_open = 0;  // not taken
  std::uint64_t opened = 0;        // connections made
  std::uint64_t open_failures = 0;
  std::size_t queued = 0;
  std::size_t connections = 0;  // open
  std::size_t busy = 0;         // of those
};

class OwnerStore {
 public:
  OwnerStore() = default;
  OwnerStore(const OwnerStore&) = delete;
  OwnerStore& operator=(const OwnerStore&) = delete;
  virtual ~OwnerStore() = default;

  /// Calls `done` later, never before ask() returns. Errors: StoreError.
  virtual void ask(OwnerQuestion question, OwnerAnswer done) = 0;

  [[nodiscard]] virtual StoreStats stats() const = 0;
};

}  // namespace outcry::store

template <>
struct std::is_error_code_enum<outcry::store::StoreError> : std::true_type {};
