// audit/recovery.h — what an earlier run has left, made fit to go on from.
//
//   … signed ─ record ─ record ─ {"seq":41,"ti        a crash: the last line is torn
//                           └─ the trail goes on here; the rest is put aside, and said so
//
// Only what follows the last signed record can be a crash's doing, for those are waited for on the
// disk. Whatever is wrong before it is left as it is: it isn't a crash's, and `verify` shall see
// it. Thread: any; calls block.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "audit/record.h"
#include "audit/trail_line.h"
#include "base/result.h"

namespace outcry::audit {

/// A file of the trail as its writer knows it.
struct WrittenFile {
  std::filesystem::path path;
  std::uint64_t first = 0;  // its first record
  std::uint64_t bytes = 0;
  WallTime began;        // that record's time
  std::string previous;  // and the hash that it names
};

struct Recovered {
  std::vector<WrittenFile> files;  // in order; the last one is gone on with
  Link last;
  bool stopped = false;         // the run before has ended as it should
  std::vector<Record> repairs;  // what was put aside; to be told in the trail
};

/// Errors: the system's.
[[nodiscard]] Result<Recovered> recover(const std::filesystem::path& directory, WallTime now);

}  // namespace outcry::audit
