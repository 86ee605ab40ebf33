// protocol/pickle/opcode.h — the opcodes that plain data needs; all others are refused.
//
// The machine below has no way to name, import, call or build anything: what is absent from this
// list is not "filtered", it does not exist here.
#pragma once

#include <cstdint>
#include <string_view>

namespace outcry::pickle {

enum class Opcode : std::uint8_t {
  mark = 0x28,            // '('
  empty_tuple = 0x29,     // ')'
  stop = 0x2e,            // '.'
  binbytes = 0x42,        // 'B': u32 length
  short_binbytes = 0x43,  // 'C': u8 length
  binfloat = 0x47,        // 'G': big-endian double
  binint = 0x4a,          // 'J': i32
  binint1 = 0x4b,         // 'K': u8
  binint2 = 0x4d,         // 'M': u16
  none = 0x4e,            // 'N'
  binunicode = 0x58,      // 'X': u32 length
  empty_list = 0x5d,      // ']'
  append = 0x61,          // 'a'
  appends = 0x65,         // 'e'
  binget = 0x68,          // 'h': u8 index
  long_binget = 0x6a,     // 'j': u32 index
  binput = 0x71,          // 'q': u8 index
  long_binput = 0x72,     // 'r': u32 index
  setitem = 0x73,         // 's'
  tuple = 0x74,           // 't'
  setitems = 0x75,        // 'u'
  empty_dict = 0x7d,      // '}'
  proto = 0x80,           // u8 version
  tuple1 = 0x85,
  tuple2 = 0x86,
  tuple3 = 0x87,
  newtrue = 0x88,
  newfalse = 0x89,
  long1 = 0x8a,             // u8 length, two's complement
  long4 = 0x8b,             // i32 length, two's complement
  short_binunicode = 0x8c,  // u8 length
  binunicode8 = 0x8d,       // u64 length
  binbytes8 = 0x8e,         // u64 length
  memoize = 0x94,
  frame = 0x95,       // u64 length
  bytearray8 = 0x96,  // u64 length
};

/// Name of a refused opcode for the log (never its operands): "STACK_GLOBAL", or "unknown".
[[nodiscard]] std::string_view refused_name(std::uint8_t opcode) noexcept;

}  // namespace outcry::pickle
