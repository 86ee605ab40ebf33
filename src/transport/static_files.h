// transport/static_files.h — a directory of small files, read once at start and served from memory.
//
// The data plane never opens a file. Immutable after loading, so all workers share one.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/result.h"

namespace outcry::transport {

class StaticFiles {
 public:
  struct File {
    std::string bytes;
    std::string_view content_type;
    std::string etag;  // with its quotes
  };

  static constexpr std::size_t kFileBytesMax = 8 << 20;
  static constexpr std::size_t kTotalBytesMax = 64 << 20;

  StaticFiles() = default;
  /// Reads every regular file below `directory`; hidden files and links are left out.
  /// Errors: the system's, or file_too_large if a file or all of them exceed the limits.
  [[nodiscard]] static Result<StaticFiles> load(const std::string& directory);

  /// The file for a request path, "/" meaning "/index.html"; nullptr if there is none. Paths are
  /// looked up, never opened: there is nothing to escape from.
  [[nodiscard]] const File* find(std::string_view path) const;
  [[nodiscard]] bool empty() const noexcept { return files_.empty(); }

 private:
  std::map<std::string, File, std::less<>> files_;
};

}  // namespace outcry::transport
