#include "audit/trail.h"

#include <algorithm>
#include <cerrno>
#include <numeric>
#include <sys/file.h>
#include <sys/stat.h>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "audit/audit_error.h"

namespace outcry::audit {
namespace {

constexpr std::size_t kWriteBytes = 1'048'576;
constexpr std::chrono::seconds kRetainInterval{60};
constexpr std::uint64_t kFormat = 1;

std::error_code last_error() {
  return {errno, std::generic_category()};
}

/// A clock that was set back must not make everything wait until it has come around again.
bool is_over(WallTime& since, WallTime now, std::chrono::seconds time) {
  since = std::min(since, now);
  return now - since >= time;
}

/// -1: another process has it.
int take_lock(const std::filesystem::path& directory) {
  const int fd = ::open((directory / "audit.lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640);
  if (fd < 0) return -1;
  if (::flock(fd, LOCK_EX | LOCK_NB) == 0) return fd;
  ::close(fd);
  errno = EWOULDBLOCK;
  return -1;
}

/// For people; a reader of the trail finds the key in the trail.
void export_public_key(const std::filesystem::path& directory, const PublicKey& key) {
  const std::filesystem::path path = directory / "audit.pub";
  const std::string pem = key.pem();
  const auto there = read_file(path, 2 * pem.size());
  if (there && *there == pem) return;
  (void)::unlink(path.c_str());       // it may not be there
  (void)write_file(path, pem, 0644);  // `outcry audit public-key` prints it as well
}

}  // namespace

Result<std::unique_ptr<Trail>> Trail::open(TrailOptions options, WallTime now, std::string& why,
                                           Disk disk) {
  const auto refuse = [&why](const std::filesystem::path& path, std::error_code error) {
    why = fmt::format("{}: {}", path.string(), error.message());
    return fail(error);
  };
  std::error_code error;
  if (std::filesystem::create_directories(options.directory, error)) {
    ::chmod(options.directory.c_str(), 0750);
  }
  if (error) return refuse(options.directory, error);
  if (options.key_file.empty()) options.key_file = options.directory / "audit.key";
  const int lock = take_lock(options.directory);
  if (lock < 0) {
    return errno == EWOULDBLOCK ? refuse(options.directory, AuditError::in_use)
                                : refuse(options.directory, last_error());
  }
  auto key = SigningKey::load_or_make(options.key_file);
  auto recovered = recover(options.directory, now);
  if (!key || !recovered) {
    ::close(lock);
    return key ? refuse(options.directory, recovered.error())
               : refuse(options.key_file, key.error());
  }
  export_public_key(options.directory, key->public_key());
  return std::unique_ptr<Trail>(new Trail(std::move(options), *std::move(key), lock,
                                          *std::move(recovered), now, std::move(disk)));
}

Trail::Trail(TrailOptions options, SigningKey key, int lock, Recovered recovered, WallTime now,
             Disk disk)
    : options_(std::move(options)),
      key_(std::move(key)),
      lock_(lock),
      disk_(std::move(disk)),
      files_(std::move(recovered.files)),
      last_(std::move(recovered.last)),
      checkpoint_at_(now),
      retained_at_(now - kRetainInterval),
      synced_(last_.sequence) {
  // A key without a trail: whoever took the trail away has left no other trace.
  const bool is_missing = files_.empty() && !key_.is_new();
  Record start{.kind = Kind::start, .time = now};
  start.details = {{"software", options_.software},
                   {"key", key_.public_key().base64()},
                   {"previous", std::string(recovered.stopped ? "stopped"
                                            : !files_.empty() ? "crashed"
                                            : is_missing      ? "missing"
                                                              : "none")}};
  own_.push_back(std::move(start));
  std::ranges::move(recovered.repairs, std::back_inserter(own_));
}

Trail::~Trail() {
  if (fd_ >= 0) ::close(fd_);
  ::close(lock_);
}

std::uint64_t Trail::bytes() const noexcept {
  return std::accumulate(
      files_.begin(), files_.end(), std::uint64_t{0},
      [](std::uint64_t sum, const WrittenFile& file) { return sum + file.bytes; });
}

// ---- Files ----

bool Trail::file_is_full(WallTime now) const {
  const WrittenFile& file = files_.back();
  if (file.bytes == 0) return false;
  return file.bytes >= options_.file_bytes_max || now - file.began >= options_.file_age_max;
}

/// The file that the next record goes to is open.
std::error_code Trail::begin_file(WallTime now) {
  const bool is_next = files_.empty() || file_is_full(now);
  if (!is_next && fd_ >= 0) return {};
  if (is_next && fd_ >= 0) {
    if (const auto error = sync()) return error;
    ::close(std::exchange(fd_, -1));
  }
  const std::filesystem::path path =
      is_next ? options_.directory / file_name(last_.sequence + 1) : files_.back().path;
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
  if (fd < 0) return last_error();
  fd_ = fd;
  if (!is_next) return {};
  files_.push_back({.path = path,
                    .first = last_.sequence + 1,
                    .bytes = 0,
                    .began = now,
                    .previous = last_.hash});
  untidy_ = true;  // whatever it may have had
  return sync_directory(options_.directory);
}

// ---- Writing ----

void Trail::append(const Record& record) {
  append_line(buffer_, next_, record, key_);
  next_unsigned_ = is_signed(record.kind) ? 0 : next_unsigned_ + 1;
  next_is_signed_ = next_is_signed_ || next_unsigned_ == 0;
}

/// As many records as one write takes; returns how many.
std::size_t Trail::encode(std::span<const Record> records, WallTime now) {
  buffer_.clear();
  next_ = last_;
  next_unsigned_ = unsigned_;
  next_is_signed_ = false;
  if (files_.back().bytes == 0) {
    Record first{.kind = Kind::file, .time = now};
    first.details = {{"format", kFormat},
                     {"key", key_.public_key().base64()},
                     {"checkpoint_records", std::uint64_t{options_.checkpoint_records}}};
    append(first);
  }
  for (const Record& record : own_) append(record);
  std::size_t count = 0;
  while (count < records.size() && buffer_.size() < kWriteBytes) {
    append(records[count++]);
    if (next_unsigned_ >= options_.checkpoint_records) {
      append({.kind = Kind::checkpoint, .time = now});
    }
  }
  return count;
}

std::error_code Trail::write_buffer() {
  WrittenFile& file = files_.back();
  if (untidy_ && ::ftruncate(fd_, static_cast<off_t>(file.bytes)) != 0) return last_error();
  untidy_ = false;
  std::string_view left = buffer_;
  while (!left.empty()) {
    const long count = disk_.write(fd_, left);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) {
      const std::error_code error = last_error();
      untidy_ = ::ftruncate(fd_, static_cast<off_t>(file.bytes)) != 0;
      return error;
    }
    left.remove_prefix(static_cast<std::size_t>(count));
  }
  file.bytes += buffer_.size();
  return {};
}

std::error_code Trail::flush(WallTime now) {
  if (const auto error = write_buffer()) return error;
  own_.clear();
  last_ = std::move(next_);
  unsigned_ = next_unsigned_;
  dirty_ = true;
  if (!next_is_signed_) return {};
  checkpoint_at_ = now;
  return sync();
}

Trail::Written Trail::write(std::span<const Record> records, WallTime now) {
  Written out;
  do {
    out.error = begin_file(now);
    if (out.error) return out;
    const std::size_t count = encode(records.subspan(out.records), now);
    if (buffer_.empty()) return out;
    const std::uint64_t before = last_.sequence;
    out.error = flush(now);
    // One that is written, but not on disk for sure, must not be written again.
    if (last_.sequence != before) out.records += count;
  } while (!out.error && out.records < records.size());
  return out;
}

std::error_code Trail::sync() {
  if (!dirty_ || fd_ < 0) return {};
  if (disk_.sync(fd_) != 0) {
    const std::error_code error = last_error();
    // The system tells of it once; what it could not write may be gone all the same.
    Record gap{.kind = Kind::gap, .time = wall_now()};
    gap.details = {{"cause", "sync: " + error.message()},
                   {"doubtful_from", synced_ + 1},
                   {"doubtful_to", last_.sequence}};
    own_.push_back(std::move(gap));
    dirty_ = false;
    synced_ = last_.sequence;
    return error;
  }
  dirty_ = false;
  synced_ = last_.sequence;
  return {};
}

std::error_code Trail::keep_up(WallTime now) {
  const bool is_due = unsigned_ > 0 && is_over(checkpoint_at_, now, options_.checkpoint_age);
  if (is_due || !own_.empty()) {
    const Record checkpoint{.kind = Kind::checkpoint, .time = now};
    const auto records = is_due ? std::span(&checkpoint, 1) : std::span<const Record>();
    if (const auto error = write(records, now).error) return error;
  }
  if (!is_over(retained_at_, now, kRetainInterval)) return {};
  retained_at_ = now;
  return retain(now);
}

std::error_code Trail::stop(WallTime now) {
  const Record record{.kind = Kind::stop, .time = now};
  return write(std::span(&record, 1), now).error;
}

// ---- Retention ----

std::size_t Trail::files_to_remove(WallTime now) const {
  std::size_t count = 0;
  std::uint64_t left = bytes();
  while (count + 1 < files_.size()) {
    // The next one's beginning is the end of this one.
    const bool is_old =
        options_.age_max.count() > 0 && now - files_[count + 1].began > options_.age_max;
    const bool is_much = options_.bytes_max > 0 && left > options_.bytes_max;
    if (!is_old && !is_much) break;
    left -= files_[count++].bytes;
  }
  return count;
}

std::error_code Trail::retain(WallTime now) {
  const std::size_t count = files_to_remove(now);
  if (count == 0) return {};
  const WrittenFile& next = files_[count];
  Record record{.kind = Kind::retention, .time = now};
  record.details = {{"removed_to", next.first - 1},
                    {"removed_hash", next.previous},
                    {"files", std::uint64_t{count}}};
  if (const auto error = write(std::span(&record, 1), now).error) return error;
  for (std::size_t i = 0; i < count; ++i) {
    std::error_code error;
    std::filesystem::remove(files_.front().path, error);
    if (error) return error;
    files_.erase(files_.begin());
  }
  return sync_directory(options_.directory);
}

}  // namespace outcry::audit
