// audit/audit_files.h — a trail's files: their names, and reading and writing them.
//
//   audit-00000000000000000001.jsonl    named after their first record's number
//   audit-00000000000000004712.jsonl    the one that is written to
//   audit-….jsonl.aside-4730            what a crash had left after record 4729
//   audit.pub                           the public key
//   audit.lock                          held by the process that writes
//
// Thread: any; calls block.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "base/result.h"

namespace outcry::audit {

/// What may fail of a disk. Tests replace it.
struct Disk {
  /// As write(2): bytes written, or -1 with errno.
  std::function<long(int fd, std::string_view bytes)> write;
  /// As fdatasync(2).
  std::function<int(int fd)> sync;

  [[nodiscard]] static Disk real();
};

[[nodiscard]] std::string file_name(std::uint64_t first_sequence);
/// nullopt if it isn't the name of a trail's file.
[[nodiscard]] std::optional<std::uint64_t> first_sequence_of(const std::filesystem::path& file);

struct TrailFile {
  std::filesystem::path path;
  std::uint64_t first = 0;
  std::uint64_t bytes = 0;
};
/// In order. Errors: the system's.
[[nodiscard]] Result<std::vector<TrailFile>> list_trail(const std::filesystem::path& directory);

/// Errors: the system's; file_too_large.
[[nodiscard]] Result<std::string> read_file(const std::filesystem::path& path,
                                            std::size_t bytes_max);
/// Its first line, without the line's end. Errors: the system's.
[[nodiscard]] Result<std::string> read_first_line(const std::filesystem::path& path);
/// Makes the file, which must not exist, and waits for the disk.
[[nodiscard]] std::error_code write_file(const std::filesystem::path& path, std::string_view text,
                                         unsigned mode);
/// Entries made and removed are on disk.
[[nodiscard]] std::error_code sync_directory(const std::filesystem::path& directory);

}  // namespace outcry::audit
