// protocol/pickle/pickle_error.h — why a pickle was refused.
#pragma once

#include <cstdint>
#include <system_error>

namespace outcry::pickle {

enum class PickleError : std::uint8_t {
  none,
  unexpected_end,        // an operand, or STOP, lies beyond the input
  protocol_missing,      // does not begin with PROTO: protocol 0 or 1, or no pickle
  protocol_unsupported,  // 6 and up, or 0 and 1
  opcode_refused,        // could name, call or build something, or is unknown
  stack_underflow,
  mark_missing,
  memo_unset,
  wrong_operand,     // such as SETITEM on a list, or a container as key
  integer_too_long,  // over 512 bytes
  text_after_stop,
  leftover_values,  // STOP with more than the one result on the stack
};
[[nodiscard]] std::error_code make_error_code(PickleError error);

}  // namespace outcry::pickle

template <>
struct std::is_error_code_enum<outcry::pickle::PickleError> : std::true_type {};
