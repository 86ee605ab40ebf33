#include "audit/verifier.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "audit/audit_files.h"

namespace outcry::audit {
namespace {

constexpr std::size_t kFileBytesMax = 4'294'967'296;

std::string range_text(std::uint64_t from, std::uint64_t to) {
  return from == to ? fmt::format("record {}", from) : fmt::format("records {} to {}", from, to);
}

}  // namespace

Verifier::Verifier(VerifierOptions options) : options_(std::move(options)) {}

template <class... Args>
void Verifier::find(std::uint64_t sequence, const char* format, const Args&... args) {
  if (report_.findings.size() >= options_.findings_max) {
    ++report_.findings_more;
    return;
  }
  report_.findings.push_back({.file = file_,
                              .line = line_,
                              .sequence = sequence,
                              .what = fmt::format(fmt::runtime(format), args...)});
}

template <class... Args>
void Verifier::note(const char* format, const Args&... args) {
  report_.notes.push_back(fmt::format(fmt::runtime(format), args...));
}

std::error_code Verifier::read(const std::filesystem::path& file) {
  const auto text = read_file(file, kFileBytesMax);
  if (!text) return text.error();
  file_ = file;
  line_ = 0;
  ++report_.files;
  if (text->empty()) find(0, "empty: its records were removed");
  for (std::size_t at = 0; at < text->size();) {
    const std::size_t end = text->find('\n', at);
    ++line_;
    if (end == std::string::npos) {
      find(next_, "cut: the last line has no end");
      break;
    }
    take(std::string_view(*text).substr(at, end - at));
    at = end + 1;
  }
  return {};
}

// ---- One line ----

void Verifier::take(std::string_view text) {
  const auto line = parse_line(text);
  if (!line || !line->holds()) {
    // Nothing that it says counts: not its number either.
    find(next_ + unreadable_, line ? "changed: its hash isn't that of its content"
                                   : "changed: not a record of an audit trail");
    ++unreadable_;
    before_.reset();
    return;
  }
  if (line_ == 1) check_first(*line);
  take_sequence(*line);
  if (options_.on_record) options_.on_record(*line);
}

/// Where it stands, and what it says of the one before.
void Verifier::take_sequence(const Line& line) {
  const std::uint64_t sequence = line.sequence;
  if (next_ != 0 && sequence < next_) {
    const auto after = missing_.upper_bound(sequence);
    const bool was_missed = after != missing_.begin() && std::prev(after)->second >= sequence;
    return was_missed ? find(sequence, "moved: it stands behind record {}", next_ - 1)
                      : find(sequence, "repeated: record {} was here before", sequence);
  }
  if (next_ == 0) {
    report_.first = sequence;
    first_previous_ = line.previous;
  } else if (sequence > next_ + unreadable_) {
    take_missing(next_ + unreadable_, sequence - 1);
    before_.reset();
  } else if (before_ && sequence == next_ && line.previous != before_->hash) {
    find(sequence, "rewritten: it doesn't name the hash of record {}", sequence - 1);
  }
  unreadable_ = 0;
  before_ = {.sequence = sequence, .hash = std::string(line.hash)};
  next_ = sequence + 1;
  ++report_.records;
  report_.last = *before_;
  report_.stopped = line.kind == Kind::stop;
  if (options_.expected && options_.expected->sequence == sequence) {
    expected_seen_ = true;
    const std::string& hash = options_.expected->hash;
    if (!hash.empty() && hash != line.hash) {
      find(sequence, "rewritten: its hash isn't the expected one");
    }
  }
  take_signature(line);
}

void Verifier::take_missing(std::uint64_t from, std::uint64_t to) {
  missing_.emplace(from, to);
  find(from, "removed: {} stood before this line", range_text(from, to));
}

void Verifier::check_first(const Line& line) {
  if (line.kind != Kind::file) {
    find(line.sequence, "cut: a file begins with a record of kind file, and this one doesn't");
  }
  const auto named = first_sequence_of(file_);
  if (named && *named != line.sequence) {
    find(line.sequence, "renamed or cut: the file's name says that it begins with record {}",
         *named);
  }
}

// ---- Signatures ----

void Verifier::take_signature(const Line& line) {
  const bool wants_one = line.kind && is_signed(*line.kind);
  if (line.signature.empty()) {
    if (wants_one) find(line.sequence, "changed: a record of this kind is signed");
    ++report_.unsigned_end;
    const bool too_long =
        checkpoint_records_ > 0 && report_.unsigned_end > checkpoint_records_ && !wants_one;
    if (too_long && !std::exchange(too_long_unsigned_, true)) {
      find(line.sequence, "not signed: {} records in a row, and the writer signs after {}",
           report_.unsigned_end, checkpoint_records_);
    }
    return;
  }
  if (line.kind && !wants_one) find(line.sequence, "changed: no such record is signed");
  learn_key(line);
  const auto signs = [&line](const PublicKey& key) { return line.verifies(key); };
  const auto signer = std::ranges::find_if(options_.keys, signs);
  const bool is_right =
      options_.keys.empty() ? key_ && signs(*key_) : signer != options_.keys.end();
  if (!is_right) {
    return find(line.sequence, options_.keys.empty() ? "changed: its signature is wrong"
                                                     : "not signed by a key that was given");
  }
  const std::string key = (options_.keys.empty() ? *key_ : *signer).base64();
  if (std::ranges::find(report_.keys, key) == report_.keys.end()) report_.keys.push_back(key);
  ++report_.signatures;
  report_.unsigned_end = 0;
  too_long_unsigned_ = false;
  take_own(line);
}

/// Without a key that somebody holds the trail can only be compared with itself.
void Verifier::learn_key(const Line& line) {
  const auto named = line.detail_text("key");
  if (!named || !options_.keys.empty()) return;
  if (!key_) {
    key_ = PublicKey::from_base64(*named);
  } else if (key_->base64() != *named) {
    find(line.sequence, "another key signs from here on; give both with --public-key");
    if (auto key = PublicKey::from_base64(*named)) key_ = std::move(key);
  }
}

/// What the trail says of itself; its signature is right.
void Verifier::take_own(const Line& line) {
  if (line.kind == Kind::file) {
    checkpoint_records_ = line.detail_number("checkpoint_records").value_or(0);
  } else if (line.kind == Kind::retention) {
    retentions_.push_back({.to = line.detail_number("removed_to").value_or(0),
                           .hash = line.detail_text("removed_hash").value_or(std::string())});
  } else if (line.kind == Kind::start) {
    const std::string previous = line.detail_text("previous").value_or(std::string());
    if (previous == "crashed") {
      note("record {}: the run before had no end (a crash); what it had not written is not here",
           line.sequence);
    } else if (previous == "missing") {
      note("record {}: the trail begins anew, though its key is older", line.sequence);
    }
  } else if (line.kind == Kind::repair) {
    note("record {}: {} bytes behind the record before were put aside as {}, after a crash",
         line.sequence, line.detail_number("bytes").value_or(0),
         line.detail_text("kept_as").value_or("nothing"));
  } else if (line.kind == Kind::gap) {
    if (const auto lost = line.detail_number("lost")) {
      note("record {}: {} records were lost from {} to {}", line.sequence, *lost,
           line.detail_text("from").value_or("?"), line.detail_text("to").value_or("?"));
    } else {
      note("record {}: the disk did not confirm {}", line.sequence,
           range_text(line.detail_number("doubtful_from").value_or(0),
                      line.detail_number("doubtful_to").value_or(0)));
    }
  }
}

// ---- The ends ----

/// A trail that doesn't begin with record 1 must say itself that the earlier ones are gone.
void Verifier::check_beginning() {
  if (report_.first == 0) return;
  if (report_.first == 1) {
    if (first_previous_ != no_hash()) find(1, "rewritten: the first record follows none");
    return;
  }
  const std::uint64_t gone = report_.first - 1;
  const bool is_told = std::ranges::any_of(retentions_, [&](const Retention& one) {
    return one.to == gone && one.hash == first_previous_;
  });
  if (!is_told) {
    find(1, "removed: {} are not here, and no retention is recorded that removed them",
         range_text(1, gone));
    return;
  }
  note("{} were removed by retention", range_text(1, gone));
}

void Verifier::check_end() {
  if (unreadable_ > 0 && next_ == 0) find(0, "no record at all");
  if (!options_.expected || expected_seen_) return;
  const Expected& expected = *options_.expected;
  if (report_.last.sequence < expected.sequence) {
    find(expected.sequence, "cut: the trail ends at record {}, and record {} was expected",
         report_.last.sequence, expected.sequence);
  } else if (report_.first <= expected.sequence) {
    find(expected.sequence, "removed: the expected record isn't here");
  }
}

Report Verifier::finish() {
  line_ = 0;
  check_beginning();
  check_end();
  if (report_.records == 0 && report_.findings.empty()) find(0, "no record at all");
  return std::move(report_);
}

Result<std::vector<std::filesystem::path>> trail_files(
    const std::vector<std::filesystem::path>& paths) {
  std::vector<TrailFile> files;
  for (const std::filesystem::path& path : paths) {
    std::error_code error;
    const auto status = std::filesystem::status(path, error);
    if (error) return fail(error);
    if (!std::filesystem::is_directory(status)) {
      const auto line = read_first_line(path);
      if (!line) return fail(line.error());
      const auto record = parse_line(*line);
      const std::uint64_t first = first_sequence_of(path).value_or(record ? record->sequence : 0);
      files.push_back({.path = path, .first = first});
      continue;
    }
    auto found = list_trail(path);
    if (!found) return fail(found.error());
    std::ranges::move(*found, std::back_inserter(files));
  }
  std::ranges::sort(files, {},
                    [](const TrailFile& file) { return std::pair(file.first, file.path); });
  std::vector<std::filesystem::path> out;
  out.reserve(files.size());
  for (TrailFile& file : files) out.push_back(std::move(file.path));
  return out;
}

}  // namespace outcry::audit
