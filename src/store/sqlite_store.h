// store/sqlite_store.h — asks an SQLite file that somebody else writes.
//
//   control thread                      the store's own thread
//   ask() ──▶ bounded queue ──────────▶ bind, step, reset     (SQLite blocks: disk, locks)
//   done() ◀── post to the executor ◀──  yes, no, or an error
//
// What waits together is asked together: questions that are answered within a millisecond share a
// read transaction (one lock on the file, not one each) and one post. After a restart ten thousand
// clients join at once, and the locks would cost more than the look-ups.
//
// The connection is read-only and opened with the first question, so a database that isn't there
// yet is no reason not to start. When it breaks it is opened again, not more often than a growing
// pause allows; meanwhile questions are answered `unavailable` at once rather than pile up. Thread:
// ask() on the executor's thread. Owner: Gateway.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include <boost/asio/any_io_executor.hpp>

#include "store/owner_store.h"

namespace outcry::store {

struct SqliteStoreOptions {
  std::string path;
  /// One statement that only reads. $1 (or ?1) is the object, $2 (or ?2) the user, both text; a row
  /// means yes.
  std::string owner_query;
  std::chrono::milliseconds question_timeout{1'000};
  std::size_t queue_max = 10'000;
  std::chrono::milliseconds reopen_min{100};
  std::chrono::milliseconds reopen_max{5'000};
};

class SqliteStore final : public OwnerStore {
 public:
  /// Starts the thread. `executor`'s context must outlive the store.
  SqliteStore(boost::asio::any_io_executor executor, SqliteStoreOptions options);
  /// Interrupts the running query, answers what waits with StoreError::stopped, joins the thread.
  ~SqliteStore() override;

  void ask(OwnerQuestion question, OwnerAnswer done) override;

  /// From any thread.
  [[nodiscard]] StoreStats stats() const override;

  /// Start-up check against the database as it is now. Blocks. Errors: bad_query if the statement
  /// doesn't compile, isn't single, could write, or hasn't exactly the two parameters;
  /// unavailable if the file can't be opened, which need not stop a start.
  /// `why` gets SQLite's words for the operator.
  [[nodiscard]] static std::error_code check(const SqliteStoreOptions& options, std::string& why);

 private:
  class Thread;
  std::unique_ptr<Thread> thread_;
};

}  // namespace outcry::store
