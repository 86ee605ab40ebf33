// protocol/websocket/message_reader.h — a client's bytes to messages (RFC 6455 §5 to §8).
//
//   read buffer (shared by all connections of a worker, unmasked in place)
//     [frame][frame][fra             whole and unfragmented: the event views the buffer, no copy
//      ├─ text  ─▶ event             torn or fragmented: collected in an Assembly, which exists
//      └─ ping  ─▶ event             only until its message has been seen
//
// An idle connection keeps 40 bytes and no buffer. Every limit is checked on the header, before
// the payload is stored. Text is checked as it arrives, also within a frame: the connection ends
// at the first byte that can't be UTF-8.
//
// Compressed messages are the exception: their bytes are collected (bounded like any message) and
// inflated at FIN. So one Inflater serves all connections of a worker, also when many of them are
// within a compressed message; inflating as it arrives would cost each of them its own window of
// 32 KiB. The output is bounded while inflating, and its text checked afterwards.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "base/utf8.h"
#include "protocol/websocket/frame.h"

namespace outcry::websocket {

class Inflater;

struct ReaderLimits {
  std::uint32_t message_bytes_max = 1'000'000;  // as sent, and as inflated
  std::uint32_t fragments_max = 131'072;        // frames in one message
  bool deflate = false;                         // permessage-deflate was agreed
};

enum class EventKind : std::uint8_t { need_more, text, binary, ping, pong, close };

/// What the peer said. `payload` is valid until the reader's next call, the Inflater's next use,
/// or until the read buffer is written to, whichever is first.
struct Event {
  EventKind kind = EventKind::need_more;
  Bytes payload{};                  // message, ping or pong payload, or the close reason
  std::uint16_t close_code = 1005;  // of a close; 1005: none was given

  [[nodiscard]] std::string_view text() const noexcept { return as_text(payload); }
};

class MessageReader {
 public:
  explicit MessageReader(const ReaderLimits& limits = {}) noexcept;
  MessageReader(MessageReader&&) noexcept;
  MessageReader& operator=(MessageReader&&) noexcept;
  ~MessageReader();

  /// Reads the next event from the front of `in`, which is unmasked in place, and moves `in` past
  /// what it used. Call until it says need_more; then `in` is empty, and what has to be
  /// remembered is. After a close or an error the rest is read past (§5.5.1).
  /// Errors: a WebSocketError of the first group; close_code_for says how to end the connection.
  [[nodiscard]] Result<Event> next(std::span<std::byte>& in, Inflater& inflater);

  /// A new limit from the next frame on: small before authentication, larger after.
  void set_message_bytes_max(std::uint32_t bytes) noexcept { message_bytes_max_ = bytes; }

  /// Memory held for an unfinished message, bytes; 0 when idle.
  [[nodiscard]] std::size_t buffered_bytes() const noexcept;

 private:
  struct Assembly {
    std::string message;  // unmasked, still compressed if it is
    std::string control;  // of a torn control frame, at most 125 bytes
    std::string header;   // torn, so shorter than a header
  };
  enum class Held : std::uint8_t { nothing, message, control };  // lent to the last event

  [[nodiscard]] Result<Event> read(std::span<std::byte>& in, Inflater& inflater);
  [[nodiscard]] Result<bool> read_header(std::span<std::byte>& in);
  [[nodiscard]] Result<void> begin_frame(const FrameHeader& header);
  [[nodiscard]] Result<Event> take_data(Bytes piece, Inflater& inflater);
  [[nodiscard]] Result<Event> finish_message(Bytes payload, Inflater& inflater);
  [[nodiscard]] Result<Event> take_control(Bytes piece);
  [[nodiscard]] Result<Event> finish_close(Bytes payload);
  [[nodiscard]] Assembly& assembly();
  void release_lent() noexcept;
  void release_unneeded() noexcept;

  // One for each connection, also for those that never say a word.
  std::unique_ptr<Assembly> assembly_;  // null unless something has come in part
  std::uint32_t message_bytes_max_;
  std::uint32_t fragments_max_;
  std::uint32_t frame_bytes_left_ = 0;
  std::uint32_t fragments_ = 0;  // of the message so far; 0: between messages
  MaskingKey mask_{};
  std::uint8_t frame_phase_ = 0;  // position in the frame's payload, modulo 4
  Opcode frame_opcode_ = Opcode::continuation;
  Opcode message_opcode_ = Opcode::continuation;
  Utf8Stream utf8_;
  Held lent_ : 2 = Held::nothing;
  bool deflate_ : 1;
  bool in_frame_ : 1 = false;
  bool frame_final_ : 1 = false;
  bool compressed_ : 1 = false;
  bool ended_ : 1 = false;  // after a close or an error
};

}  // namespace outcry::websocket
