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
  std::string out;
  out.reserve(in.size() / 4 * 3 + 2);
  std::uint32_t bits = 0;
  int held = 0;
  for (const char c : in) {
    const std::uint8_t value = reverse[static_cast<unsigned char>(c)];
    if (value == kInvalid) return std::nullopt;
    bits = bits << 6 | value;
    held += 6;
    if (held >= 8) {
      held -= 8;
      out.push_back(static_cast<char>(bits >> held & 0xff));
    }
  }
  // Two spellings of one value would let a signature be changed without breaking it.
  if ((bits & ((1u << held) - 1)) != 0) return std::nullopt;
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
