#include "common/line_input.h"

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdio>

#include <unistd.h>

namespace outcry::bench {
namespace {

constexpr std::size_t kLineBytesMax = 65'536;

}  // namespace

bool LineInput::read() {
  std::array<char, 4096> chunk;
  const ssize_t got = ::read(fd_, chunk.data(), chunk.size());
  if (got < 0) return errno == EINTR || errno == EAGAIN;
  buffer_.append(chunk.data(), static_cast<std::size_t>(got));
  return got > 0 && buffer_.size() <= kLineBytesMax;
}

std::optional<std::string> LineInput::take() {
  const std::size_t end = buffer_.find('\n');
  if (end == std::string::npos) return std::nullopt;
  std::string line = buffer_.substr(0, end);
  buffer_.erase(0, end + 1);
  return line;
}

void print_line(const std::string& line) {
  std::puts(line.c_str());
  std::fflush(stdout);
}

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x20) continue;
    if (c == '"' || c == '\\') out.push_back('\\');
    out.push_back(c);
  }
  return out + '"';
}

std::string error_answer(std::string_view why) {
  return R"({"error":)" + quoted(why) + '}';
}

}  // namespace outcry::bench
