#include "base/base64.h"

#include <array>
#include <cstdint>

namespace outcry {
namespace {

constexpr std::string_view kStandard =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kUrlSafe =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::uint8_t kInvalid = 0xff;
constexpr std::uint32_t kValues = 64;  // every bit pattern from here on holds an invalid one's bits

constexpr std::array<std::uint8_t, 256> reverse_of(std::string_view alphabet) {
  std::array<std::uint8_t, 256> table{};
  table.fill(kInvalid);
  for (std::size_t i = 0; i < alphabet.size(); ++i) {
    table[static_cast<unsigned char>(alphabet[i])] = static_cast<std::uint8_t>(i);
  }
  return table;
}
constexpr auto kStandardReverse = reverse_of(kStandard);
constexpr auto kUrlSafeReverse = reverse_of(kUrlSafe);

void encode(std::string& out, Bytes in, std::string_view alphabet, bool padded) {
  out.reserve(out.size() + (in.size() + 2) / 3 * 4);
  const auto byte = [&](std::size_t i) { return std::to_integer<std::uint32_t>(in[i]); };
  std::size_t i = 0;
  for (; i + 3 <= in.size(); i += 3) {
    const std::uint32_t bits = byte(i) << 16 | byte(i + 1) << 8 | byte(i + 2);
    for (int shift = 18; shift >= 0; shift -= 6) out.push_back(alphabet[bits >> shift & 63]);
  }
  const std::size_t rest = in.size() - i;
  if (rest == 0) return;
  const std::uint32_t bits = byte(i) << 16 | (rest == 2 ? byte(i + 1) << 8 : 0);
  out.push_back(alphabet[bits >> 18 & 63]);
  out.push_back(alphabet[bits >> 12 & 63]);
  if (rest == 2) out.push_back(alphabet[bits >> 6 & 63]);
  if (padded) out.append(3 - rest, '=');
}

std::optional<std::string> decode(std::string_view in,
                                  const std::array<std::uint8_t, 256>& reverse) {
  if (in.size() % 4 == 1) return std::nullopt;
  const auto value = [&](std::size_t i) -> std::uint32_t {
    return reverse[static_cast<unsigned char>(in[i])];
  };
  std::string out(in.size() / 4 * 3 + in.size() % 4 * 3 / 4, '\0');
  char* to = out.data();
  std::uint32_t seen = 0;  // an invalid character has bits that no value has
  std::size_t i = 0;
  for (; i + 4 <= in.size(); i += 4) {
    const std::uint32_t a = value(i), b = value(i + 1), c = value(i + 2), d = value(i + 3);
    seen |= a | b | c | d;
    const std::uint32_t bits = a << 18 | b << 12 | c << 6 | d;
    *to++ = static_cast<char>(bits >> 16 & 0xff);
    *to++ = static_cast<char>(bits >> 8 & 0xff);
    *to++ = static_cast<char>(bits & 0xff);
  }
  const std::size_t rest = in.size() - i;  // 0, 2 or 3
  std::uint32_t bits = 0;
  for (std::size_t j = 0; j < rest; ++j) {
    seen |= value(i + j);
    bits |= value(i + j) << (18 - 6 * j);
  }
  if (rest >= 2) *to++ = static_cast<char>(bits >> 16 & 0xff);
  if (rest == 3) *to++ = static_cast<char>(bits >> 8 & 0xff);
  if (seen >= kValues) return std::nullopt;
  // Two spellings of one value would let a signature be changed without breaking it.
  if ((bits & (rest == 3 ? 0xffu : 0xffffu)) != 0) return std::nullopt;
  return out;
}

}  // namespace

void base64_append(std::string& out, Bytes in) {
  encode(out, in, kStandard, true);
}

std::string base64_encode(Bytes in) {
  std::string out;
  encode(out, in, kStandard, true);
  return out;
}

std::string base64url_encode(Bytes in) {
  std::string out;
  encode(out, in, kUrlSafe, false);
  return out;
}

std::optional<std::string> base64_decode(std::string_view in) {
  if (in.size() % 4 != 0) return std::nullopt;
  for (int i = 0; i < 2 && in.ends_with('='); ++i) in.remove_suffix(1);
  return decode(in, kStandardReverse);
}

std::optional<std::string> base64url_decode(std::string_view in) {
  return decode(in, kUrlSafeReverse);
}

}  // namespace outcry
