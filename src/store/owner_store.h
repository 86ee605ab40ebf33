// store/owner_store.h — "does this user own this object?", asked of whoever knows.
//
//   join ──▶ OwnerCache ──▶ SqliteStore ──▶ database
//            (known? same    (own thread,
//             one asked?)     time limit)
//
// The answer decides whether a client sees somebody's trades, so anything but a clear yes is a no:
// an error is never owned.
// Thread: ask() on the thread of the executor that the store was given; answers arrive there too.
#pragma once

#include <compare>
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
  query_failed,    // the database answered with an error
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

class OwnerStore {
 public:
  OwnerStore() = default;
  OwnerStore(const OwnerStore&) = delete;
  OwnerStore& operator=(const OwnerStore&) = delete;
  virtual ~OwnerStore() = default;

  /// Calls `done` later, never before ask() returns. Errors: StoreError.
  virtual void ask(OwnerQuestion question, OwnerAnswer done) = 0;
};

}  // namespace outcry::store

template <>
struct std::is_error_code_enum<outcry::store::StoreError> : std::true_type {};
