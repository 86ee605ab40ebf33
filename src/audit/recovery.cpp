#include "audit/recovery.h"

#include <cerrno>
#include <optional>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "audit/audit_files.h"

namespace outcry::audit {
namespace {

constexpr std::size_t kFileBytesMax = 2'147'483'648;
constexpr int kAsideNamesMax = 10;

/// How far a file is good.
struct Good {
  std::size_t bytes = 0;
  Link last;
  std::optional<Kind> kind;
};

struct Lines {
  explicit Lines(std::string_view text) {
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t end = text.find('\n', at);
      if (end == std::string_view::npos) return;  // torn
      starts.push_back(at);
      at = end + 1;
    }
  }
  std::vector<std::size_t> starts;
};

std::optional<Line> line_at(std::string_view text, std::size_t start) {
  auto line = parse_line(text.substr(start, text.find('\n', start) - start));
  if (!line || !line->holds()) return std::nullopt;
  return line;
}

Good good_after(const Line& line, std::size_t start) {
  return {.bytes = start + line.text.size() + 1,
          .last = {.sequence = line.sequence, .hash = std::string(line.hash)},
          .kind = line.kind};
}

/// From the last signed record on, as long as each follows the one before.
std::optional<Good> good_part(std::string_view text) {
  const std::vector<std::size_t> starts = Lines(text).starts;
  for (std::size_t i = starts.size(); i-- > 0;) {
    const auto signed_line = line_at(text, starts[i]);
    if (!signed_line || signed_line->signature.empty()) continue;
    Good good = good_after(*signed_line, starts[i]);
    for (std::size_t j = i + 1; j < starts.size(); ++j) {
      const auto line = line_at(text, starts[j]);
      const bool follows = line && line->sequence == good.last.sequence + 1 &&
                           std::string(line->previous) == good.last.hash;
      if (!follows) break;
      good = good_after(*line, starts[j]);
    }
    return good;
  }
  return std::nullopt;
}

std::error_code cut(const std::filesystem::path& path, std::size_t bytes) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
  if (fd < 0) return {errno, std::generic_category()};
  std::error_code error;
  if (::ftruncate(fd, static_cast<off_t>(bytes)) != 0 || ::fsync(fd) != 0) {
    error = {errno, std::generic_category()};
  }
  ::close(fd);
  return error;
}

/// Keeps it in a file beside; returns that file's name, or nothing where even this can't be
/// written.
std::string put_aside(const std::filesystem::path& path, std::uint64_t sequence,
                      std::string_view text) {
  for (int i = 0; i < kAsideNamesMax; ++i) {
    std::filesystem::path aside = path;
    aside += fmt::format(".aside-{}{}", sequence, i == 0 ? "" : fmt::format("-{}", i));
    const std::error_code error = write_file(aside, text, 0640);
    if (!error) return aside.filename().string();
    if (error != std::errc::file_exists) break;
  }
  return {};
}

Record repair(const std::filesystem::path& path, std::string_view text, std::string kept_as,
              WallTime now) {
  Record out{.kind = Kind::repair, .time = now};
  out.details = {{"file", path.filename().string()},
                 {"bytes", std::uint64_t{text.size()}},
                 {"kept_as", std::move(kept_as)}};
  out.payload = std::string(text);
  return out;
}

WrittenFile written_file(const TrailFile& file) {
  WrittenFile out{.path = file.path, .first = file.first, .bytes = file.bytes};
  const auto text = read_first_line(file.path);
  const auto line = text ? parse_line(*text) : std::nullopt;
  if (!line) return out;
  out.began = parse_time(line->time).value_or(WallTime());
  out.previous = line->previous;
  return out;
}

}  // namespace

Result<Recovered> recover(const std::filesystem::path& directory, WallTime now) {
  auto files = list_trail(directory);
  if (!files) return fail(files.error());
  Recovered out;
  while (!files->empty()) {
    TrailFile& file = files->back();
    const auto text = read_file(file.path, kFileBytesMax);
    if (!text) return fail(text.error());
    const auto good = good_part(*text);
    const std::size_t kept = good ? good->bytes : 0;
    if (kept < text->size()) {
      const std::string_view rest = std::string_view(*text).substr(kept);
      const std::uint64_t next = good ? good->last.sequence + 1 : file.first;
      out.repairs.push_back(repair(file.path, rest, put_aside(file.path, next, rest), now));
    }
    if (good) {
      if (const auto error = kept < text->size() ? cut(file.path, kept) : std::error_code()) {
        return fail(error);
      }
      file.bytes = kept;
      out.last = good->last;
      out.stopped = good->kind == Kind::stop && out.repairs.empty();
      break;
    }
    // Not one record in it has reached the disk: the file before is gone on with.
    std::error_code error;
    std::filesystem::remove(file.path, error);
    if (error) return fail(error);
    files->pop_back();
  }
  for (const TrailFile& file : *files) out.files.push_back(written_file(file));
  return out;
}

}  // namespace outcry::audit
