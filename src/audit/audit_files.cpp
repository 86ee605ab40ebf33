#include "audit/audit_files.h"

#include <algorithm>
#include <cerrno>
#include <charconv>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

namespace outcry::audit {
namespace {

constexpr std::string_view kPrefix = "audit-";
constexpr std::string_view kSuffix = ".jsonl";
constexpr std::size_t kDigits = 20;
constexpr std::size_t kReadBytes = 65'536;
constexpr std::size_t kLineBytesMax = 1'048'576;

std::error_code last_error() {
  return {errno, std::generic_category()};
}

class File {
 public:
  File(const std::filesystem::path& path, int flags, unsigned mode = 0)
      : fd_(::open(path.c_str(), flags | O_CLOEXEC, mode)) {}
  ~File() {
    if (fd_ >= 0) ::close(fd_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  [[nodiscard]] int get() const { return fd_; }

 private:
  int fd_;
};

/// Reads until `enough` says so, or to the end.
template <class Enough>
Result<std::string> read_until(const std::filesystem::path& path, Enough&& enough) {
  const File file(path, O_RDONLY);
  if (file.get() < 0) return fail(last_error());
  std::string out;
  for (;;) {
    const std::size_t had = out.size();
    out.resize(had + kReadBytes);
    const ssize_t got = ::read(file.get(), out.data() + had, kReadBytes);
    if (got < 0) return fail(last_error());
    out.resize(had + static_cast<std::size_t>(got));
    if (got == 0 || enough(out)) return out;
  }
}

}  // namespace

Disk Disk::real() {
  return {.write = [](int fd, std::string_view bytes) -> long {
            return ::write(fd, bytes.data(), bytes.size());
          },
          .sync = [](int fd) { return ::fdatasync(fd); }};
}

std::string file_name(std::uint64_t first_sequence) {
  return fmt::format("{}{:0{}}{}", kPrefix, first_sequence, kDigits, kSuffix);
}

std::optional<std::uint64_t> first_sequence_of(const std::filesystem::path& file) {
  const std::string name = file.filename().string();
  if (name.size() != kPrefix.size() + kDigits + kSuffix.size()) return std::nullopt;
  if (!name.starts_with(kPrefix) || !name.ends_with(kSuffix)) return std::nullopt;
  std::uint64_t first = 0;
  const char* begin = name.data() + kPrefix.size();
  const auto [end, error] = std::from_chars(begin, begin + kDigits, first);
  if (error != std::errc() || end != begin + kDigits) return std::nullopt;
  return first;
}

Result<std::vector<TrailFile>> list_trail(const std::filesystem::path& directory) {
  std::vector<TrailFile> out;
  std::error_code error;
  std::filesystem::directory_iterator entries(directory, error);
  for (; !error && entries != std::filesystem::directory_iterator(); entries.increment(error)) {
    const auto first = first_sequence_of(entries->path());
    if (!first) continue;
    const std::uint64_t bytes = entries->file_size(error);
    if (!error) out.push_back({.path = entries->path(), .first = *first, .bytes = bytes});
  }
  if (error) return fail(error);
  std::ranges::sort(out, {}, &TrailFile::first);
  return out;
}

Result<std::string> read_file(const std::filesystem::path& path, std::size_t bytes_max) {
  auto out = read_until(path, [&](const std::string& text) { return text.size() > bytes_max; });
  if (out && out->size() > bytes_max) return fail(std::make_error_code(std::errc::file_too_large));
  return out;
}

Result<std::string> read_first_line(const std::filesystem::path& path) {
  auto out = read_until(path, [](const std::string& text) {
    return text.find('\n') != std::string::npos || text.size() > kLineBytesMax;
  });
  if (out) out->resize(std::min(out->find('\n'), out->size()));
  return out;
}

std::error_code write_file(const std::filesystem::path& path, std::string_view text,
                           unsigned mode) {
  const File file(path, O_WRONLY | O_CREAT | O_EXCL, mode);
  if (file.get() < 0) return last_error();
  while (!text.empty()) {
    const ssize_t count = ::write(file.get(), text.data(), text.size());
    if (count < 0) {
      const std::error_code error = last_error();
      (void)::unlink(path.c_str());  // half a file would be taken for a whole one
      return error;
    }
    text.remove_prefix(static_cast<std::size_t>(count));
  }
  if (::fsync(file.get()) != 0) return last_error();
  return sync_directory(path.has_parent_path() ? path.parent_path() : ".");
}

std::error_code sync_directory(const std::filesystem::path& directory) {
  const File file(directory, O_RDONLY | O_DIRECTORY);
  if (file.get() < 0 || ::fsync(file.get()) != 0) return last_error();
  return {};
}

}  // namespace outcry::audit
