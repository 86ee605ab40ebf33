// protocol/resp/reply_decoder.h — Redis' replies out of a stream of bytes (RESP2).
//
//   *3\r\n$7\r\nmessage\r\n$4\r\nnews\r\n$2\r\n{}\r\n   ->  ["message", "news", "{}"]
//
// The grammar is hiredis' reader, which every Redis user exercises; what is ours is the limits it
// lacks. An array is announced by a few bytes and allocated at once (CVE-2021-32765 was the
// overflow of that), so elements and bytes are counted over a whole reply, before allocation.
// Nesting is hiredis' own limit, 7. hiredis 0.14 has no RESP3: do not send HELLO 3.
// Pure: bytes in, replies out. Thread: its owner's only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <system_error>

#include "base/result.h"

struct redisReply;
struct redisReader;

namespace outcry::resp {

enum class RespError : std::uint8_t {
  none,
  protocol_violation,  // no RESP2, or arrays nested deeper than 7
  reply_too_big,       // more elements or bytes than the limits allow
  out_of_memory,
};
[[nodiscard]] std::error_code make_error_code(RespError error);

struct ReplyLimits {
  std::size_t elements_max = 65'536;                       // of all arrays of one reply together
  std::size_t reply_bytes_max = std::size_t{64} << 20;     // text of one reply
  std::size_t buffered_bytes_max = std::size_t{64} << 20;  // fed and not yet taken
};

enum class ReplyKind : std::uint8_t { nil, status, error, integer, string, array };

/// One value of a reply. Borrowed: valid as long as the Reply that it came from.
class ReplyView {
 public:
  explicit ReplyView(const redisReply& reply) noexcept : reply_(&reply) {}

  [[nodiscard]] ReplyKind kind() const noexcept;
  [[nodiscard]] bool is(ReplyKind kind_wanted) const noexcept { return kind() == kind_wanted; }
  /// Bytes of a string, status or error; empty for other kinds.
  [[nodiscard]] std::string_view text() const noexcept;
  /// Value of an integer, 0 for other kinds.
  [[nodiscard]] std::int64_t integer() const noexcept;
  /// Elements of an array, 0 for other kinds.
  [[nodiscard]] std::size_t size() const noexcept;
  /// Element `index`, which must be below size().
  [[nodiscard]] ReplyView operator[](std::size_t index) const;

 private:
  const redisReply* reply_;
};

/// A complete reply and its memory.
class Reply {
 public:
  explicit Reply(redisReply* owned) noexcept : reply_(owned) {}
  [[nodiscard]] ReplyView view() const noexcept { return ReplyView(*reply_); }

 private:
  struct Free {
    void operator()(redisReply* reply) const noexcept;
  };
  std::unique_ptr<redisReply, Free> reply_;
};

class ReplyDecoder {
 public:
  explicit ReplyDecoder(const ReplyLimits& limits = {});

  /// Takes the next bytes of the stream, however they were torn.
  /// Errors: reply_too_big beyond buffered_bytes_max; after any error, the one that came first.
  [[nodiscard]] std::error_code feed(std::string_view bytes);

  /// The next complete reply, nullopt until more bytes are fed. Call it until then after each
  /// feed(). An error is final: the stream's position is lost, so the connection must end.
  [[nodiscard]] Result<std::optional<Reply>> next();

 private:
  // What the reply being read may still allocate; hiredis' callbacks count it down.
  struct Budget {
    std::size_t elements_left = 0;
    std::size_t bytes_left = 0;
    bool exceeded = false;
  };
  struct Callbacks;
  struct Free {
    void operator()(redisReader* reader) const noexcept;
  };

  std::error_code failed(RespError error);
  void refill() noexcept;

  ReplyLimits limits_;
  std::unique_ptr<Budget> budget_;  // hiredis keeps its address: it must not move with us
  std::unique_ptr<redisReader, Free> reader_;
  std::error_code error_;
};

}  // namespace outcry::resp

template <>
struct std::is_error_code_enum<outcry::resp::RespError> : std::true_type {};
