// audit/audit_writer.h — the trail's thread, and the bounded queue in front of it.
//
//   control ─▶ add(record)… ─▶ [queue] ─▶ what has come meanwhile, in one write ─▶ file
//                                │ full                    │ fails
//                                ▼                         ▼
//                     "N records lost from … to …"    kept, tried again every second
//
// Nobody waits for the disk: where it fails or is too slow the queue fills up, and what comes then
// is counted. The count takes its place in the queue, between what was kept before and after, and
// is a record of the trail as soon as writing works again. Thread: add() and stats() from any; the
// destructor from the owner's.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "audit/record.h"
#include "audit/trail.h"

namespace outcry::audit {

struct AuditWriterOptions {
  std::size_t waiting_bytes_max = 67'108'864;
  // Records that come within this time are written together.
  std::chrono::milliseconds lazy{50};
  // A record is on disk so long after it was written, at most; 0: with its write.
  std::chrono::milliseconds sync{1'000};
  std::chrono::milliseconds retry{1'000};
};

struct AuditWriterStats {
  std::uint64_t records = 0;  // taken
  std::uint64_t lost = 0;     // not taken, for too much was waiting
  std::uint64_t failures = 0;
  std::uint64_t sequence = 0;  // of the newest record in the trail
  std::uint64_t trail_bytes = 0;
  std::size_t files = 0;
  std::size_t waiting_bytes = 0;
  bool failing = false;
  std::string why;  // it fails
};

class AuditWriter {
 public:
  AuditWriter(std::unique_ptr<Trail> trail, AuditWriterOptions options);
  /// Writes what waits and the record that ends the run, if it can; joins the thread.
  ~AuditWriter();
  AuditWriter(const AuditWriter&) = delete;
  AuditWriter& operator=(const AuditWriter&) = delete;

  void add(Record record);
  /// Records that never got here.
  void add_lost(std::uint64_t count, WallTime from, WallTime to);

  [[nodiscard]] AuditWriterStats stats() const;

 private:
  class Thread;
  std::unique_ptr<Thread> thread_;
};

}  // namespace outcry::audit
