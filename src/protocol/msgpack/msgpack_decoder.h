// protocol/msgpack/msgpack_decoder.h — MessagePack as Node's Socket.IO packages write it.
//
//   93  a7 "emitter"  83 a4 "type" 02 …   ->   ["emitter", {"type": 2, …}]
//
// One decoder for four dialects of one library: dates are ext -1 (the standard's timestamp) or
// ext 0 with 8 bytes of milliseconds, `undefined` is nil or ext 0 with one byte. Dates become the
// ISO string that JavaScript's toJSON gives; any other extension is refused.
//
// Every length is checked against the bytes that are left before anything is allocated: an array
// of n elements needs n bytes, a map 2n. Pure. Thread: its owner's only. A decoder that is used
// again allocates nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <system_error>

#include "base/result.h"
#include "base/value_tree.h"

namespace outcry::msgpack {

enum class MsgpackError : std::uint8_t {
  none,
  unexpected_end,     // a length or value beyond the input
  reserved_byte,      // 0xc1
  unknown_extension,  // neither date nor undefined
  wrong_key,          // array, map or bin as key of a map
  trailing_bytes,
};
[[nodiscard]] std::error_code make_error_code(MsgpackError error);

class MsgpackDecoder {
 public:
  explicit MsgpackDecoder(const ValueLimits& limits = {}) : limits_(limits) {}

  /// Decodes one value, which must fill `payload`. The value views `payload` and this decoder:
  /// valid until either changes. Errors: each of MsgpackError; each of ValueError but cyclic.
  [[nodiscard]] Result<ValueTree::Value> decode(std::string_view payload);

 private:
  using Index = ValueTree::Index;
  enum class Content : std::uint8_t { text, bytes };

  std::error_code value(unsigned depth_left, Index& out);
  std::error_code fixed(std::uint8_t byte, unsigned depth_left, Index& out);
  std::error_code number(std::uint8_t byte, Index& out);
  std::error_code content(Content kind, std::uint64_t length, Index& out);
  std::error_code array(std::uint64_t count, unsigned depth_left, Index& out);
  std::error_code map(std::uint64_t count, unsigned depth_left, Index& out);
  std::error_code extension(std::uint64_t length, Index& out);
  std::error_code sized(std::uint8_t byte, unsigned depth_left, Index& out);

  [[nodiscard]] std::uint64_t left() const noexcept { return input_.size() - at_; }
  /// Takes a big-endian number of `width` bytes; false if they aren't there.
  bool take_number(unsigned width, std::uint64_t& out) noexcept;

  ValueLimits limits_;
  std::string_view input_;
  std::size_t at_ = 0;
  ValueTree tree_;
};

}  // namespace outcry::msgpack

template <>
struct std::is_error_code_enum<outcry::msgpack::MsgpackError> : std::true_type {};
