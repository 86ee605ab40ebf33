// publisher/message_template.h — a captured message, its digits overwritten each time.
//
//   *3 $7 PUBLISH $20 tradesense_websocket $599 …bench-0000000…EURUSD…"0000000000000000000"…
//                                                      ^^^^^^^ ^^^^^^   ^^^^^^^^^^^^^^^^^^^
//                                                    challenge symbol   time of publishing
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

#include "common/events.h"

namespace outcry::bench {

/// A template file: `# channel: NAME` (of a message on Redis), `# event: NAME` and other `#` lines,
/// then the body as lines of hex digits.
struct Capture {
  std::string channel;  ///< empty: the body is the event's arguments as JSON, and nothing else
  EventKind kind = EventKind::equity_updated;
  std::string body;
};
/// Throws std::runtime_error naming the file.
[[nodiscard]] Capture load_capture(const std::string& file);

/// The RESP command that publishes it. Throws std::runtime_error without a channel.
[[nodiscard]] std::string redis_command(const Capture& capture);
/// These take arguments as JSON, and throw std::runtime_error for a message that was captured on
/// Redis: one element of the body of POST /v1/batch, and the Socket.IO packet that a browser gets.
[[nodiscard]] std::string batch_item(const Capture& capture);
[[nodiscard]] std::string event_packet(const Capture& capture);

class MessageTemplate {
 public:
  /// `message` with challenge 0 (`bench-0000000`, also `user-0000000`) and one time of publishing
  /// of nineteen zeros. Throws std::runtime_error when it has not exactly one time, or doesn't name
  /// the challenge.
  MessageTemplate(std::string message, EventKind kind);

  /// Appends one message. `challenge` < 10,000,000; `symbol` is a position in kSymbols and has no
  /// effect on a message without one.
  void append(std::string& out, std::uint32_t challenge, std::uint64_t published_ns,
              std::uint8_t symbol = 0);

  [[nodiscard]] EventKind kind() const noexcept { return kind_; }
  [[nodiscard]] const std::string& message() const noexcept { return message_; }

 private:
  std::string message_;
  std::vector<std::size_t> index_at_;  ///< where the seven digits of a challenge or a user stand
  std::vector<std::size_t> symbol_at_;
  std::size_t timestamp_at_ = 0;
  EventKind kind_;
  std::uint8_t symbol_ = 0;  ///< the one in message_
};

}  // namespace outcry::bench
