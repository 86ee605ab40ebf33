// audit/verifier.h — reads a trail and says what is wrong with it, and where.
//
//   line ─▶ is it a record? ─▶ its own hash? ─▶ its number? ─▶ the hash before? ─▶ the signature?
//
// One fault is told once: after a record that was changed, taken out or moved the chain is taken up
// again from the next one. What can't be seen in the files alone, records cut off behind the last
// one that is signed, is seen with what somebody has noted elsewhere: `Expected`.
// Thread: any; calls block.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "audit/signing_key.h"
#include "audit/trail_line.h"
#include "base/result.h"

namespace outcry::audit {

/// What the trail must have come to, at least.
struct Expected {
  std::uint64_t sequence = 0;
  std::string hash;  // empty: any
};

struct Finding {
  std::filesystem::path file;
  std::uint64_t line = 0;      // from 1; 0: of the file as a whole
  std::uint64_t sequence = 0;  // 0: not known
  std::string what;
};

struct VerifierOptions {
  std::vector<PublicKey> keys;  // who may have signed; none: whoever the trail says
  std::optional<Expected> expected;
  std::size_t findings_max = 100;  // further ones are counted
  /// Called with each record whose hash is right, in the order of the files.
  std::function<void(const Line&)> on_record;
};

struct Report {
  std::uint64_t files = 0;
  std::uint64_t records = 0;
  std::uint64_t first = 0;
  Link last;
  std::uint64_t signatures = 0;    // right ones
  std::uint64_t unsigned_end = 0;  // records behind the last one that is signed
  bool stopped = false;            // the last record ends a run
  std::vector<std::string> keys;   // Base64; those that have signed
  std::vector<Finding> findings;
  std::uint64_t findings_more = 0;
  std::vector<std::string> notes;  // what the trail itself says: gaps, crashes, retention

  [[nodiscard]] bool intact() const noexcept { return findings.empty(); }
};

class Verifier {
 public:
  explicit Verifier(VerifierOptions options);

  /// Files in the order of their first records.
  /// Errors: the system's, where it can't be read.
  [[nodiscard]] std::error_code read(const std::filesystem::path& file);
  /// After the last file.
  [[nodiscard]] Report finish();

 private:
  struct Retention {
    std::uint64_t to = 0;
    std::string hash;
  };
  void take(std::string_view text);
  void take_sequence(const Line& line);
  void take_missing(std::uint64_t from, std::uint64_t to);
  void take_signature(const Line& line);
  void learn_key(const Line& line);
  void take_own(const Line& line);
  void check_first(const Line& line);
  void check_end();
  void check_beginning();
  template <class... Args>
  void find(std::uint64_t sequence, const char* format, const Args&... args);
  template <class... Args>
  void note(const char* format, const Args&... args);

  const VerifierOptions options_;
  Report report_;
  std::filesystem::path file_;
  std::uint64_t line_ = 0;
  std::optional<Link> before_;    // the record before; absent: its hash isn't known
  std::uint64_t next_ = 0;        // the number that comes next; 0: the first is to come
  std::uint64_t unreadable_ = 0;  // lines since the last record
  std::map<std::uint64_t, std::uint64_t> missing_;  // from -> to
  std::string first_previous_;
  std::optional<PublicKey> key_;  // that the trail names, where nobody else has named one
  std::uint64_t checkpoint_records_ = 0;
  bool too_long_unsigned_ = false;  // told
  std::vector<Retention> retentions_;
  bool expected_seen_ = false;
};

/// The files of a trail: those named, and those in the directories that are named, in order.
/// Errors: the system's.
[[nodiscard]] Result<std::vector<std::filesystem::path>> trail_files(
    const std::vector<std::filesystem::path>& paths);

}  // namespace outcry::audit
