// protocol/pickle/pickle_decoder.h — Python's pickle as plain data; executes nothing.
//
//   80 04  95 …  7d 94  28  8c 06 "method" 94  8c 04 "emit" 94  …  75  2e
//   PROTO FRAME  {} memo (   "method"           "emit"              set STOP
//
// A pickle is a program for a stack machine that in Python may import and call anything. Here the
// machine has the opcodes that messages are made of (opcode.h): scalars, text, bytes, list, tuple,
// dict, memo. Protocols 2 to 5; 3, 4 and 5 are what supported Pythons write.
//
// The stack holds nodes of a ValueTree. A memo entry names a node, so a shared object stays one
// node; what it would cost when written is measured at STOP, before anyone walks it.
// Pure. Thread: its owner's only. A decoder that is used again allocates nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <system_error>
#include <vector>

#include "base/result.h"
#include "base/value_tree.h"
#include "protocol/pickle/opcode.h"
#include "protocol/pickle/pickle_error.h"

namespace outcry::pickle {

class PickleDecoder {
 public:
  explicit PickleDecoder(const ValueLimits& limits = {}) : limits_(limits) {}

  /// Decodes one pickle, which must fill `payload`. The value views `payload` and this decoder:
  /// valid until either changes.
  /// Errors: each of PickleError; each of ValueError, counted after memo expansion.
  [[nodiscard]] Result<ValueTree::Value> decode(std::string_view payload);

  /// Opcode at which the last decode() failed, for refused_name().
  [[nodiscard]] std::uint8_t last_opcode() const noexcept { return last_opcode_; }

 private:
  using Index = ValueTree::Index;

  std::error_code run();
  PickleError step(Opcode opcode);
  PickleError scalar(Opcode opcode);
  PickleError text(Opcode opcode);
  PickleError integer(Opcode opcode);
  PickleError tuple(std::size_t count);
  PickleError collect(Opcode opcode);
  PickleError remember(std::uint64_t index);
  PickleError recall(std::uint64_t index);
  /// Moves the values from stack position `first` on into the list, or dict, just below them.
  PickleError add_elements(std::size_t first);
  PickleError add_members(std::size_t first);
  PickleError stop();

  /// Takes the next `count` bytes; false if they aren't there.
  bool take(std::uint64_t count, std::string_view& out) noexcept;
  /// Takes a little-endian number of `width` bytes; false if they aren't there.
  bool take_number(unsigned width, std::uint64_t& out) noexcept;
  void push(Index value) { stack_.push_back(value); }
  /// Values above the innermost mark: what an opcode may touch.
  [[nodiscard]] std::size_t reachable() const noexcept;

  ValueLimits limits_;
  std::string_view input_;
  std::size_t at_ = 0;
  std::uint8_t last_opcode_ = 0;
  ValueTree tree_;
  std::vector<Index> stack_;
  std::vector<std::size_t> marks_;
  std::vector<Index> memo_;
};

}  // namespace outcry::pickle
