#include "transport/static_files.h"

#include <array>
#include <filesystem>
#include <fstream>
#include <utility>

#include <fmt/format.h>

namespace outcry::transport {
namespace {

namespace fs = std::filesystem;

constexpr std::array<std::pair<std::string_view, std::string_view>, 12> kContentTypes = {{
    {".html", "text/html; charset=utf-8"},
    {".js", "text/javascript; charset=utf-8"},
    {".mjs", "text/javascript; charset=utf-8"},
    {".css", "text/css; charset=utf-8"},
    {".json", "application/json"},
    {".map", "application/json"},
    {".svg", "image/svg+xml"},
    {".png", "image/png"},
    {".ico", "image/x-icon"},
    {".woff2", "font/woff2"},
    {".txt", "text/plain; charset=utf-8"},
    {".webmanifest", "application/manifest+json"},
}};

std::string_view content_type_of(const fs::path& path) {
  const std::string extension = path.extension().string();
  for (const auto& [known, type] : kContentTypes) {
    if (extension == known) return type;
  }
  return "application/octet-stream";
}

bool is_hidden(const fs::path& relative) {
  for (const auto& part : relative) {
    if (part.string().starts_with('.')) return true;
  }
  return false;
}

// FNV-1a: an ETag tells versions apart, it proves nothing.
std::string etag_of(std::string_view bytes) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : bytes) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return fmt::format("\"{:016x}\"", hash);
}

}  // namespace

Result<StaticFiles> StaticFiles::load(const std::string& directory) {
  StaticFiles out;
  std::size_t total = 0;
  std::error_code error;
  for (fs::recursive_directory_iterator it(directory, error), end; !error && it != end;
       it.increment(error)) {
    const fs::path relative = it->path().lexically_relative(directory);
    if (it->symlink_status(error).type() != fs::file_type::regular || is_hidden(relative)) continue;
    const std::uintmax_t size = it->file_size(error);
    total += size;
    if (error || size > kFileBytesMax || total > kTotalBytesMax) {
      return fail(error ? error : std::make_error_code(std::errc::file_too_large));
    }
    std::ifstream stream(it->path(), std::ios::binary);
    File file;
    file.bytes.resize(size);
    stream.read(file.bytes.data(), static_cast<std::streamsize>(size));
    if (!stream) return fail(std::make_error_code(std::errc::io_error));
    file.content_type = content_type_of(it->path());
    file.etag = etag_of(file.bytes);
    out.files_.emplace("/" + relative.generic_string(), std::move(file));
  }
  if (error) return fail(error);
  return out;
}

const StaticFiles::File* StaticFiles::find(std::string_view path) const {
  const auto found = files_.find(path == "/" ? std::string_view("/index.html") : path);
  return found == files_.end() ? nullptr : &found->second;
}

}  // namespace outcry::transport
