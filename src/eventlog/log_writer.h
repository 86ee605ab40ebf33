// eventlog/log_writer.h — the log's thread: whatever has come while it was writing is the next
// write.
//
//   control ─▶ add(change)… commit() ─▶ [queue] ─▶ one transaction, one sync ─▶ report(written, #n)
//
// The busier the disk, the more events share a sync. When writing fails, the events that waited are
// given up, which is reported, and everything else is kept and tried again: sessions, cursors,
// values.
// Thread: the control thread, but for the report, which is called on the writer's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "eventlog/sqlite_log.h"
#include "eventlog/stored.h"

namespace outcry::eventlog {

struct LogReport {
  enum class Kind : std::uint8_t {
    written,  // every event up to `number` is on disk
    failed,   // those up to `number` not reported yet are not, and nothing is until `healed`
    healed    // writing works again; `life` is the log's new one
  };
  Kind kind = Kind::written;
  std::uint64_t number = 0;
  Life life = 0;
  std::error_code error;
  std::string why;  // for the operator
};

struct LogWriterOptions {
  Promise promise = Promise::always;  // of a life that begins after a failure
  std::size_t waiting_bytes_max = 67'108'864;
  // Changes that nobody waits for are written together after this time.
  std::chrono::milliseconds lazy{50};
  std::chrono::milliseconds retry{1'000};
  std::chrono::milliseconds trim{1'000};
};

struct LogWriterStats {
  std::uint64_t writes = 0;  // transactions
  std::uint64_t events = 0;  // on disk
  std::uint64_t changes = 0;
  std::uint64_t failures = 0;
  std::uint64_t lost = 0;  // changes given up for want of room while writing failed
  std::size_t waiting_bytes = 0;
  bool failing = false;
};

/// Where changes go: a LogWriter, or what stands for it in a simulation.
class LogSink {
 public:
  LogSink() = default;
  LogSink(const LogSink&) = delete;
  LogSink& operator=(const LogSink&) = delete;
  virtual ~LogSink() = default;

  /// False if too much is waiting: it was not taken.
  [[nodiscard]] virtual bool add(Change change) = 0;
  /// What was added is to be written now, for somebody waits for it.
  virtual void commit() = 0;
};

class LogWriter final : public LogSink {
 public:
  using Report = std::function<void(LogReport)>;
  using ReadDone = std::move_only_function<void(Result<std::vector<StoredEvent>>)>;
  /// An event, if it is kept, and what became of it.
  struct Receipts {
    std::optional<StoredEvent> event;
    std::vector<StoredReceipt> receipts;
  };
  using ReceiptsDone = std::move_only_function<void(Result<Receipts>)>;

  LogWriter(std::unique_ptr<SqliteLog> log, LogWriterOptions options, Report report);
  /// Writes what waits, ends the life if all of it was written, and joins the thread.
  ~LogWriter() override;

  [[nodiscard]] bool add(Change change) override;
  void commit() override;
  /// At once: calls `done` when everything added so far is on disk, or can't be written.
  void tell_when_written(std::move_only_function<void()> done);
  /// After everything added so far. The callbacks are called on the writer's thread, here and
  /// above.
  void read(std::string namespace_name, std::string room, std::uint64_t number, std::size_t most,
            ReadDone done);
  void receipts(std::uint64_t number, std::string after, std::size_t most, ReceiptsDone done);

  [[nodiscard]] LogWriterStats stats() const;

 private:
  class Thread;
  std::unique_ptr<Thread> thread_;
};

}  // namespace outcry::eventlog
