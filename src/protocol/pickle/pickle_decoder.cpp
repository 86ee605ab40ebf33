#include "protocol/pickle/pickle_decoder.h"

#include <algorithm>
#include <array>
#include <bit>

#include "base/error_enum.h"
#include "protocol/pickle/decimal.h"

namespace outcry::pickle {
namespace {

bool may_be_key(ValueKind kind) {
  return kind != ValueKind::array && kind != ValueKind::object && kind != ValueKind::bytes;
}

}  // namespace

std::error_code make_error_code(PickleError error) {
  static constexpr std::array<std::string_view, 12> kNames{
      "no error",         "unexpected end of pickle", "does not begin with PROTO",
      "pickle protocol",  "refused opcode",           "stack underflow",
      "mark missing",     "memo entry not set",       "wrong operand",
      "integer too long", "bytes after STOP",         "values left over at STOP"};
  static const TableCategory category("pickle", kNames);
  return {static_cast<int>(error), category};
}

Result<ValueTree::Value> PickleDecoder::decode(std::string_view payload) {
  input_ = payload;
  at_ = 0;
  last_opcode_ = 0;
  tree_.clear();
  stack_.clear();
  marks_.clear();
  memo_.clear();
  if (const std::error_code error = run()) return fail(error);
  if (const std::error_code error = tree_.measure(stack_.back(), limits_)) return fail(error);
  return tree_.at(stack_.back());
}

std::error_code PickleDecoder::run() {
  std::uint64_t version = 0;
  if (input_.empty()) return PickleError::unexpected_end;
  last_opcode_ = static_cast<std::uint8_t>(input_.front());
  if (last_opcode_ != static_cast<std::uint8_t>(Opcode::proto))
    return PickleError::protocol_missing;
  ++at_;
  if (!take_number(1, version)) return PickleError::unexpected_end;
  if (version < 2 || version > 5) return PickleError::protocol_unsupported;
  while (at_ < input_.size()) {
    last_opcode_ = static_cast<std::uint8_t>(input_[at_++]);
    const auto opcode = static_cast<Opcode>(last_opcode_);
    if (opcode == Opcode::stop) {
      const PickleError error = stop();
      return error == PickleError::none ? std::error_code() : make_error_code(error);
    }
    if (const PickleError error = step(opcode); error != PickleError::none) return error;
    // Whether it will be reachable or not, all of it is memory now.
    const std::size_t most =
        std::max({stack_.size(), memo_.size(), tree_.node_count(), tree_.link_count()});
    if (most > limits_.nodes_max) return ValueError::too_many_nodes;
  }
  return PickleError::unexpected_end;
}

PickleError PickleDecoder::step(Opcode opcode) {
  std::uint64_t number = 0;
  switch (opcode) {
    case Opcode::frame:
      // Only a hint for readers: opcodes may lie between frames, so it must fit and no more.
      if (!take_number(8, number)) return PickleError::unexpected_end;
      return number > input_.size() - at_ ? PickleError::unexpected_end : PickleError::none;
    case Opcode::mark:
      marks_.push_back(stack_.size());
      return PickleError::none;
    case Opcode::empty_tuple:
      push(tree_.add_array(true));
      return PickleError::none;
    case Opcode::empty_list:
      push(tree_.add_array());
      return PickleError::none;
    case Opcode::empty_dict:
      push(tree_.add_object());
      return PickleError::none;
    case Opcode::tuple1:
      return tuple(1);
    case Opcode::tuple2:
      return tuple(2);
    case Opcode::tuple3:
      return tuple(3);
    case Opcode::append:
      if (reachable() < 2) return PickleError::stack_underflow;
      return add_elements(stack_.size() - 1);
    case Opcode::setitem:
      if (reachable() < 3) return PickleError::stack_underflow;
      return add_members(stack_.size() - 2);
    case Opcode::tuple:
    case Opcode::appends:
    case Opcode::setitems:
      return collect(opcode);
    case Opcode::memoize:
      return remember(memo_.size());
    case Opcode::binput:
      return take_number(1, number) ? remember(number) : PickleError::unexpected_end;
    case Opcode::long_binput:
      return take_number(4, number) ? remember(number) : PickleError::unexpected_end;
    case Opcode::binget:
      return take_number(1, number) ? recall(number) : PickleError::unexpected_end;
    case Opcode::long_binget:
      return take_number(4, number) ? recall(number) : PickleError::unexpected_end;
    default:
      return scalar(opcode);
  }
}

PickleError PickleDecoder::scalar(Opcode opcode) {
  std::uint64_t number = 0;
  switch (opcode) {
    case Opcode::none:
      push(tree_.add_null());
      return PickleError::none;
    case Opcode::newtrue:
      push(tree_.add_boolean(true));
      return PickleError::none;
    case Opcode::newfalse:
      push(tree_.add_boolean(false));
      return PickleError::none;
    case Opcode::binint1:
    case Opcode::binint2:
      if (!take_number(opcode == Opcode::binint1 ? 1 : 2, number)) break;
      push(tree_.add_uint64(number));
      return PickleError::none;
    case Opcode::binint:
      if (!take_number(4, number)) break;
      push(tree_.add_int64(static_cast<std::int32_t>(static_cast<std::uint32_t>(number))));
      return PickleError::none;
    case Opcode::binfloat:  // the one big-endian operand
      if (!take_number(8, number)) break;
      push(tree_.add_real(std::bit_cast<double>(std::byteswap(number))));
      return PickleError::none;
    case Opcode::long1:
    case Opcode::long4:
      return integer(opcode);
    default:
      return text(opcode);
  }
  return PickleError::unexpected_end;
}

PickleError PickleDecoder::text(Opcode opcode) {
  unsigned width = 0;
  bool is_text = false;
  switch (opcode) {
    case Opcode::short_binunicode:
      width = 1, is_text = true;
      break;
    case Opcode::binunicode:
      width = 4, is_text = true;
      break;
    case Opcode::binunicode8:
      width = 8, is_text = true;
      break;
    case Opcode::short_binbytes:
      width = 1;
      break;
    case Opcode::binbytes:
      width = 4;
      break;
    case Opcode::binbytes8:
    case Opcode::bytearray8:
      width = 8;
      break;
    default:
      return PickleError::opcode_refused;
  }
  std::uint64_t length = 0;
  std::string_view content;
  if (!take_number(width, length) || !take(length, content)) return PickleError::unexpected_end;
  push(is_text ? tree_.add_string(content) : tree_.add_bytes(content));
  return PickleError::none;
}

PickleError PickleDecoder::integer(Opcode opcode) {
  std::uint64_t length = 0;
  std::string_view bytes;
  if (!take_number(opcode == Opcode::long1 ? 1 : 4, length)) return PickleError::unexpected_end;
  if (length > kIntegerBytesMax) return PickleError::integer_too_long;  // a negative one, too
  if (!take(length, bytes)) return PickleError::unexpected_end;
  if (bytes.size() > 8) {
    push(tree_.add_bigint(decimal_of(bytes)));
    return PickleError::none;
  }
  const bool negative = !bytes.empty() && (static_cast<unsigned char>(bytes.back()) & 0x80u) != 0;
  std::uint64_t value = negative ? ~std::uint64_t{0} : 0;  // sign extension
  for (std::size_t i = bytes.size(); i-- > 0;) {
    value = (value << 8) | static_cast<unsigned char>(bytes[i]);
  }
  push(tree_.add_int64(static_cast<std::int64_t>(value)));
  return PickleError::none;
}

PickleError PickleDecoder::tuple(std::size_t count) {
  if (reachable() < count) return PickleError::stack_underflow;
  const std::size_t first = stack_.size() - count;
  const Index made = tree_.add_array(true);
  for (std::size_t i = first; i < stack_.size(); ++i) tree_.append(made, stack_[i]);
  stack_.resize(first);
  push(made);
  return PickleError::none;
}

// The opcodes that take everything down to the innermost mark.
PickleError PickleDecoder::collect(Opcode opcode) {
  if (marks_.empty()) return PickleError::mark_missing;
  const std::size_t first = marks_.back();
  marks_.pop_back();
  if (opcode == Opcode::tuple) return tuple(stack_.size() - first);
  const std::size_t floor = marks_.empty() ? 0 : marks_.back();
  if (first <= floor) return PickleError::stack_underflow;  // the container lies below the mark
  return opcode == Opcode::setitems ? add_members(first) : add_elements(first);
}

PickleError PickleDecoder::add_elements(std::size_t first) {
  const Index list = stack_[first - 1];
  if (!tree_.at(list).is(ValueKind::array) || tree_.at(list).is_tuple()) {
    return PickleError::wrong_operand;
  }
  for (std::size_t i = first; i < stack_.size(); ++i) tree_.append(list, stack_[i]);
  stack_.resize(first);
  return PickleError::none;
}

PickleError PickleDecoder::add_members(std::size_t first) {
  const Index dict = stack_[first - 1];
  if (!tree_.at(dict).is(ValueKind::object)) return PickleError::wrong_operand;
  if ((stack_.size() - first) % 2 != 0) return PickleError::wrong_operand;
  for (std::size_t i = first; i < stack_.size(); i += 2) {
    if (!may_be_key(tree_.at(stack_[i]).kind())) return PickleError::wrong_operand;
    tree_.insert(dict, stack_[i], stack_[i + 1]);
  }
  stack_.resize(first);
  return PickleError::none;
}

PickleError PickleDecoder::remember(std::uint64_t index) {
  if (reachable() == 0) return PickleError::stack_underflow;
  // Python numbers entries as they come; a far index is an attempt to make us allocate.
  if (index > memo_.size()) return PickleError::wrong_operand;
  if (index == memo_.size()) memo_.push_back(stack_.back());
  memo_[index] = stack_.back();
  return PickleError::none;
}

PickleError PickleDecoder::recall(std::uint64_t index) {
  if (index >= memo_.size()) return PickleError::memo_unset;
  push(memo_[index]);
  return PickleError::none;
}

PickleError PickleDecoder::stop() {
  if (at_ != input_.size()) return PickleError::text_after_stop;
  if (stack_.empty()) return PickleError::stack_underflow;
  return stack_.size() == 1 && marks_.empty() ? PickleError::none : PickleError::leftover_values;
}

bool PickleDecoder::take(std::uint64_t count, std::string_view& out) noexcept {
  if (count > input_.size() - at_) return false;
  out = input_.substr(at_, count);
  at_ += count;
  return true;
}

bool PickleDecoder::take_number(unsigned width, std::uint64_t& out) noexcept {
  std::string_view bytes;
  if (!take(width, bytes)) return false;
  out = 0;
  for (unsigned i = width; i-- > 0;) out = (out << 8) | static_cast<unsigned char>(bytes[i]);
  return true;
}

std::size_t PickleDecoder::reachable() const noexcept {
  return stack_.size() - (marks_.empty() ? 0 : marks_.back());
}

}  // namespace outcry::pickle
