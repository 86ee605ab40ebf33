#include "protocol/msgpack/msgpack_decoder.h"

#include <array>
#include <bit>

#include "base/error_enum.h"
#include "protocol/msgpack/date.h"

namespace outcry::msgpack {
namespace {

constexpr std::int8_t kTimestamp = -1;
constexpr std::int8_t kNotepack2 = 0;

bool may_be_key(ValueKind kind) {
  return kind != ValueKind::array && kind != ValueKind::object && kind != ValueKind::bytes;
}

std::uint64_t big_endian(std::string_view bytes) noexcept {
  std::uint64_t number = 0;
  for (const char c : bytes) number = (number << 8) | static_cast<unsigned char>(c);
  return number;
}

// Milliseconds of the standard's timestamp: seconds, or nanoseconds with seconds, in 4, 8 or 12
// bytes. nullopt if the form is wrong or the moment beyond what 64 bits of milliseconds hold.
std::optional<std::int64_t> timestamp_ms(std::string_view body) noexcept {
  std::int64_t seconds = 0;
  std::uint64_t nanoseconds = 0;
  if (body.size() == 4) {
    seconds = static_cast<std::int64_t>(big_endian(body));
  } else if (body.size() == 8) {
    const std::uint64_t both = big_endian(body);
    nanoseconds = both >> 34;
    seconds = static_cast<std::int64_t>(both & 0x3ffffffffu);
  } else if (body.size() == 12) {
    nanoseconds = big_endian(body.substr(0, 4));
    seconds = static_cast<std::int64_t>(big_endian(body.substr(4)));
  } else {
    return std::nullopt;
  }
  if (nanoseconds > 999'999'999) return std::nullopt;
  constexpr std::int64_t kSecondsMax = INT64_MAX / 1000 - 1;
  if (seconds > kSecondsMax || seconds < -kSecondsMax) return INT64_MAX;  // an invalid Date
  return seconds * 1000 + static_cast<std::int64_t>(nanoseconds / 1'000'000);
}

}  // namespace

std::error_code make_error_code(MsgpackError error) {
  static constexpr std::array<std::string_view, 6> kNames{
      "no error",          "unexpected end of msgpack", "reserved byte",
      "unknown extension", "wrong kind of key",         "bytes after the value"};
  static const TableCategory category("msgpack", kNames);
  return {static_cast<int>(error), category};
}

Result<ValueTree::Value> MsgpackDecoder::decode(std::string_view payload) {
  input_ = payload;
  at_ = 0;
  tree_.clear();
  if (payload.size() > limits_.bytes_max) return fail(ValueError::too_many_bytes);
  Index root = 0;
  if (const std::error_code error = value(limits_.depth_max, root)) return fail(error);
  if (at_ != input_.size()) return fail(MsgpackError::trailing_bytes);
  return tree_.at(root);
}

std::error_code MsgpackDecoder::value(unsigned depth_left, Index& out) {
  if (left() == 0) return MsgpackError::unexpected_end;
  if (tree_.node_count() >= limits_.nodes_max) return ValueError::too_many_nodes;
  const auto byte = static_cast<std::uint8_t>(input_[at_++]);
  if (byte < 0xc0 || byte >= 0xe0) return fixed(byte, depth_left, out);
  switch (byte) {
    case 0xc0:
      out = tree_.add_null();
      return {};
    case 0xc1:
      return MsgpackError::reserved_byte;
    case 0xc2:
    case 0xc3:
      out = tree_.add_boolean(byte == 0xc3);
      return {};
    case 0xca:
    case 0xcb:
    case 0xcc:
    case 0xcd:
    case 0xce:
    case 0xcf:
    case 0xd0:
    case 0xd1:
    case 0xd2:
    case 0xd3:
      return number(byte, out);
    case 0xd4:
    case 0xd5:
    case 0xd6:
    case 0xd7:
    case 0xd8:
      return extension(std::uint64_t{1} << (byte - 0xd4), out);
    default:
      return sized(byte, depth_left, out);
  }
}

// The values whose size or content lies in the first byte.
std::error_code MsgpackDecoder::fixed(std::uint8_t byte, unsigned depth_left, Index& out) {
  if (byte < 0x80 || byte >= 0xe0) {
    out = tree_.add_int64(static_cast<std::int8_t>(byte));
    return {};
  }
  if (byte < 0x90) return map(byte & 0x0fu, depth_left, out);
  if (byte < 0xa0) return array(byte & 0x0fu, depth_left, out);
  return content(Content::text, byte & 0x1fu, out);
}

std::error_code MsgpackDecoder::number(std::uint8_t byte, Index& out) {
  const unsigned width = byte < 0xcc ? (byte == 0xca ? 4 : 8) : 1u << ((byte - 0xcc) % 4);
  std::uint64_t bits = 0;
  if (!take_number(width, bits)) return MsgpackError::unexpected_end;
  switch (byte) {
    case 0xca:
      out = tree_.add_real(std::bit_cast<float>(static_cast<std::uint32_t>(bits)));
      break;
    case 0xcb:
      out = tree_.add_real(std::bit_cast<double>(bits));
      break;
    case 0xd0:
      out = tree_.add_int64(static_cast<std::int8_t>(bits));
      break;
    case 0xd1:
      out = tree_.add_int64(static_cast<std::int16_t>(bits));
      break;
    case 0xd2:
      out = tree_.add_int64(static_cast<std::int32_t>(bits));
      break;
    case 0xd3:
      out = tree_.add_int64(static_cast<std::int64_t>(bits));
      break;
    default:
      out = tree_.add_uint64(bits);
      break;
  }
  return {};
}

// The values whose length follows in 1, 2 or 4 bytes.
std::error_code MsgpackDecoder::sized(std::uint8_t byte, unsigned depth_left, Index& out) {
  const auto width = [&](std::uint8_t first) { return 1u << (byte - first); };
  std::uint64_t length = 0;
  const auto take_length = [&](unsigned bytes) { return take_number(bytes, length); };
  if (byte <= 0xc6) {
    if (!take_length(width(0xc4))) return MsgpackError::unexpected_end;
    return content(Content::bytes, length, out);
  }
  if (byte <= 0xc9) {
    if (!take_length(width(0xc7))) return MsgpackError::unexpected_end;
    return extension(length, out);
  }
  if (byte <= 0xdb) {
    if (!take_length(width(0xd9))) return MsgpackError::unexpected_end;
    return content(Content::text, length, out);
  }
  if (!take_length(byte % 2 == 0 ? 2 : 4)) return MsgpackError::unexpected_end;
  return byte <= 0xdd ? array(length, depth_left, out) : map(length, depth_left, out);
}

std::error_code MsgpackDecoder::content(Content kind, std::uint64_t length, Index& out) {
  if (length > left()) return MsgpackError::unexpected_end;
  const std::string_view bytes = input_.substr(at_, length);
  at_ += length;
  out = kind == Content::text ? tree_.add_string(bytes) : tree_.add_bytes(bytes);
  return {};
}

std::error_code MsgpackDecoder::array(std::uint64_t count, unsigned depth_left, Index& out) {
  if (depth_left == 0) return ValueError::too_deep;
  if (count > left()) return MsgpackError::unexpected_end;
  out = tree_.add_array();
  for (std::uint64_t i = 0; i < count; ++i) {
    Index element = 0;
    if (const std::error_code error = value(depth_left - 1, element)) return error;
    tree_.append(out, element);
  }
  return {};
}

std::error_code MsgpackDecoder::map(std::uint64_t count, unsigned depth_left, Index& out) {
  if (depth_left == 0) return ValueError::too_deep;
  if (count > left() / 2) return MsgpackError::unexpected_end;
  out = tree_.add_object();
  for (std::uint64_t i = 0; i < count; ++i) {
    Index key = 0;
    Index entry = 0;
    if (const std::error_code error = value(depth_left - 1, key)) return error;
    if (!may_be_key(tree_.at(key).kind())) return MsgpackError::wrong_key;
    if (const std::error_code error = value(depth_left - 1, entry)) return error;
    tree_.insert(out, key, entry);
  }
  return {};
}

std::error_code MsgpackDecoder::extension(std::uint64_t length, Index& out) {
  if (length >= left()) return MsgpackError::unexpected_end;  // its type takes one byte more
  const auto type = static_cast<std::int8_t>(input_[at_]);
  const std::string_view body = input_.substr(at_ + 1, length);
  at_ += 1 + length;
  std::optional<std::int64_t> milliseconds;
  if (type == kTimestamp) {
    milliseconds = timestamp_ms(body);
  } else if (type == kNotepack2 && length == 8) {
    milliseconds = static_cast<std::int64_t>(big_endian(body));
  } else if (type == kNotepack2 && length == 1) {
    out = tree_.add_null();
    return {};
  }
  if (!milliseconds) return MsgpackError::unknown_extension;
  const auto date = iso_date(*milliseconds);
  out = date ? tree_.add_owned_string(*date) : tree_.add_null();  // as toJSON of an invalid Date
  return {};
}

bool MsgpackDecoder::take_number(unsigned width, std::uint64_t& out) noexcept {
  if (width > left()) return false;
  out = big_endian(input_.substr(at_, width));
  at_ += width;
  return true;
}

}  // namespace outcry::msgpack
