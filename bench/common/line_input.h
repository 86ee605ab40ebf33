// common/line_input.h — commands from a pipe, line by line, beside an event loop.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace outcry::bench {

class LineInput {
 public:
  explicit LineInput(int fd) noexcept : fd_(fd) {}

  /// One read, for when the descriptor is readable. False at the end of input, on an error, and
  /// when a line has more than 64 KiB.
  [[nodiscard]] bool read();
  /// The next whole line, without its end.
  [[nodiscard]] std::optional<std::string> take();

 private:
  int fd_;
  std::string buffer_;
};

/// Writes one line and flushes it: whoever reads the other end waits for it.
void print_line(const std::string& line);

/// `{"error":"why"}`, the answer to a command that makes no sense.
[[nodiscard]] std::string error_answer(std::string_view why);
/// `text` as a JSON string; control characters are left out.
[[nodiscard]] std::string quoted(std::string_view text);

}  // namespace outcry::bench
