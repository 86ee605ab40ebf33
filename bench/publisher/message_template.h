// publisher/message_template.h — a captured PUBLISH command, its digits overwritten each time.
//
//   *3 $7 PUBLISH $20 tradesense_websocket $599 …bench-0000000…"0000000000000000000"…
//                                                      ^^^^^^^   ^^^^^^^^^^^^^^^^^^^
//                                                      challenge   time of publishing
//
// What a back end's library encodes costs 40 µs in Python; a test at 50,000 messages/s needs the
// same bytes without that cost. The fields have a fixed width, so every length in the captured
// encoding stays true.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace outcry::bench {

class MessageTemplate {
 public:
  /// `channel` and `body` as captured, with challenge 0 (`bench-0000000`, also `user-0000000`) and
  /// one time of publishing of nineteen zeros. Throws std::runtime_error when the body has not
  /// exactly one time, or neither body nor channel names the challenge.
  MessageTemplate(std::string_view channel, std::string_view body);

  /// Reads a template file: `# channel: NAME` and other `#` lines, then the body as lines of hex
  /// digits. Throws std::runtime_error naming the file.
  [[nodiscard]] static MessageTemplate load(const std::string& file);

  /// Appends the whole RESP command for one message. `challenge` < 10,000,000.
  void append(std::string& out, std::uint32_t challenge, std::uint64_t published_ns);

  [[nodiscard]] const std::string& command() const noexcept { return command_; }

 private:
  std::string command_;
  std::vector<std::size_t> index_at_;  ///< where the seven digits of a challenge or a user stand
  std::size_t timestamp_at_ = 0;
};

}  // namespace outcry::bench
